// SPDX-License-Identifier: Apache-2.0
// The normal tail Q(t) = 1 - Phi(t) for t >= 0, without cancellation: exp(-t^2/2) times fractions of two
// polynomials, which tools/fit/mills.py makes. Where a fraction is close to a constant, it is fitted as that
// constant minus a quotient: the quotient's own rounding errors then count only by its share. NaN passes; t
// may be infinite.
#pragma once

#include "exp.h"
#if !defined(__CUDACC__)
#include "mills_table.h"
#endif

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

template <class T>
struct Normal;
template <>
struct Normal<float> {
  // 1/sqrt(2 pi) and the relative error of its rounding. reach^2/2 < Format::tail; beyond `fitted` the
  // density is 0.
  static constexpr double scale = 0x1.988454p-2, correction = -0x1.e821f2p-26;
  static constexpr double reach = 17.3, fitted = 14.6, near = 0.7;
};
template <>
struct Normal<double> {
  static constexpr double scale = 0x1.9884533d43651p-2, correction = -0x1.201b8c07f2c3fp-54;
  static constexpr double reach = 44.7, fitted = 39, near = 0.8;
};

// exp(-t^2/2), t^2 without rounding error.
template <class V>
SMOOTHACT_FN Reduced<V> gaussian(V t, double correction = 0) {
  const Sum<V> z = product(V(-0.5) * t, t);
  return Reduced<V>(Sum<V>{z.hi, correction == 0 ? z.lo : z.lo + V(correction)});
}
template <class V>
SMOOTHACT_FN Reduced<V> gaussian(Sum<V> t, double correction = 0) {
  const Sum<V> z = product(V(-0.5) * t.hi, t.hi);
  return Reduced<V>(Sum<V>{z.hi, fma(-t.hi, t.lo, z.lo + V(correction))});
}

// t, and of a Sum no more than `reach` in its leading term
template <class V>
SMOOTHACT_FN V at_most(double reach, V t) {
  return min(V(reach), t);
}
template <class V>
SMOOTHACT_FN Sum<V> at_most(double reach, Sum<V> t) {
  return {min(V(reach), t.hi), t.lo};
}
// Beyond, erfc is 0.
template <class V>
inline constexpr double erfc_reach = Normal<typename V::scalar>::reach / 1.4143;

// tQ(t) = v (1 - y). Near 0, v = t/2 exp(-t^2/2). Far from it, v = exp(-t^2/2)/sqrt(2 pi), and y = 1 - tM
// falls like 1/t^2. The factor of the exponential goes into its last rounding. The factors come negated: -t/2
// is at hand.
template <class V, class T>
SMOOTHACT_FN Scaled<V> weighted_tail(T argument, V near_factor, V far_factor, typename V::Mask near) {
  const V t = leading(argument);
  V q, near_numerator, far_numerator;
  if constexpr (sizeof(typename V::scalar) == 4) {
    near_numerator = polynomial(t, 0x1.9884acp-1, 0x1.ece1e4p-1, 0x1.079c34p-1, 0x1.31b71ap-3, 0x1.5f6864p-6);
    far_numerator = polynomial(t, 0x1.00052p0, 0x1.28a30ep-1, 0x1.50bbccp-3, 0x1.700a82p-6);
    q = polynomial(t, 1.0, 0x1.d54fecp0, 0x1.75cec2p0, 0x1.4ca912p-1, 0x1.506f2ap-3, 0x1.701614p-6);
  } else {
    near_numerator = polynomial(t, 0x1.9884533d43618p-1, 0x1.77a53abb2dec8p0, 0x1.4bbc9177a8488p0, 0x1.6ee0ef6777ea1p-1,
                                0x1.178173ba27048p-2, 0x1.30cc6fddab876p-4, 0x1.de4be680995cdp-7, 0x1.06e4f46622cd9p-9,
                                0x1.762c8278f11b8p-13, 0x1.0f39f407127dfp-17, 0x1.2c2e3b55221eep-27);
    far_numerator = polynomial(t, 0x1.fffffffc7ba4bp-1, 0x1.3660a4e996d8fp0, 0x1.7dbfcfa3ce2fdp-1, 0x1.2dd0b96a2ebbcp-2,
                               0x1.4b87f519c720cp-4, 0x1.021ae1dac363fp-6, 0x1.170db6e43fa27p-9, 0x1.8379f6959d05bp-13,
                               0x1.10f9343a001f8p-17);
    q = polynomial(t, 1.0, 0x1.3b9ceb6ae86dbp1, 0x1.6affe0075d988p1, 0x1.01474974e53f8p1, 0x1.f3b43f80eb533p-1,
                   0x1.5d1343ee38121p-2, 0x1.657e0b0eccc7ap-4, 0x1.0b2fbe27ebf82p-6, 0x1.1a40a26bbb65p-9,
                   0x1.8379f699a8b45p-13, 0x1.10f93439a6c69p-17);
  }
  const V y = select(near, t * near_numerator, far_numerator) / q;
  const Reduced<V> d = gaussian(argument);
  const V v = d.exp(select(near, near_factor, far_factor));
  return {fma(y, v, -v), d.n};
}

// tQ(t) of a larger argument rounds to 0 in bfloat16.
inline constexpr double coarse_reach = 13.6;
// Q(t) exp(t^2/2) for 0 <= t <= coarse_reach, to a relative 2^-16.6; exact at 0, where ties depend on it.
template <class V>
SMOOTHACT_FN V coarse_tail_ratio(V t) {
  const V p = polynomial(t, 0x1.98a15ap-2, 0x1.14006cp-2, 0x1.0ecb82p-4);
  const V q = polynomial(t, 1.0, 0x1.4ddb3p0, 0x1.4a53c8p-1, 0x1.0ec274p-3);
  return fma(-t, p / q, V(0.5));
}

template <class V>
SMOOTHACT_FN Exponential<V> gaussian_in_octaves(V t) {
  return Exponential<V>(in_octaves(square(t), Constant(-0.5 * octave)));
}

}  // namespace detail

// phi(t) = exp(-t^2/2)/sqrt(2 pi) for every t, to 1.1 ulp (float, double). What 1/sqrt(2 pi) loses to
// rounding rejoins the exponent.
template <class V>
SMOOTHACT_FN Scaled<V> normal_pdf(V t) {
  using N = detail::Normal<typename V::scalar>;
  const auto d = detail::gaussian(min(V(N::reach), abs(t)), N::correction);
  return {d.exp(V(N::scale)), d.n};
}
template <class V>
SMOOTHACT_FN Scaled<V> normal_pdf(Sum<V> t) {
  using N = detail::Normal<typename V::scalar>;
  const auto d = detail::gaussian(Sum<V>{clamp(t.hi, -N::reach, N::reach), t.lo}, N::correction);
  return {d.exp(V(N::scale)), d.n};
}

// tQ(t), to 2.4 (float) and 2.6 ulp (double), of 17 digits to 2.3 units of the last.
// gelu(x) = max(x, 0) - tQ(t), t = |x|.
template <class V>
SMOOTHACT_FN Scaled<V> weighted_tail(V t) {
  using N = detail::Normal<typename V::scalar>;
#if !defined(__CUDACC__) && !defined(SMOOTHACT_CUDA_MODEL)
  if constexpr (coarse<V>) {
    const V u = min(V(detail::coarse_reach), t);
    return detail::gaussian_in_octaves(u).times(u) * detail::coarse_tail_ratio(u);
  } else if constexpr (counts_octaves<V>) {
    const V u = min(V(N::fitted), t);
    const Scaled<V> y = detail::gaussian_in_octaves(u).times(u);
    const detail::MillsSegment<V> ratio(u);
    return {fma(y.m, ratio.d, y.m), y.n + ratio.k};
  }
#endif
  const V u = min(V(N::reach), t);
  const Scaled<V> y = detail::weighted_tail<V>(u, V(-0.5) * u, V(-N::scale), u < V(N::near));
  if constexpr (requires { ldexp_down(y.m, y.n); })
    return {ldexp_down(y.m, y.n), 0};
  else
    return y;
}
// (tQ(t))' = Q(t) - t phi(t) = exp(-t^2/2) (t0 - t) (1/sqrt(2 pi) + r/q), to 4.0 ulp (float,
// double), at the root t0 too.
template <class V>
SMOOTHACT_FN Scaled<V> weighted_tail_slope(V t) {
  using N = detail::Normal<typename V::scalar>;
  const V u = min(V(N::reach), t);
  V r, q, distance;
  if constexpr (sizeof(typename V::scalar) == 4) {
    distance = (0x1.80ead2p-1 - u) - 0x1.a03fd4p-27;
    r = polynomial(u, 0x1.1085ep-2, 0x1.a34adcp-3, 0x1.1189a8p-4, 0x1.24fdf6p-7);
    q = polynomial(u, 1.0, 0x1.6edc42p0, 0x1.abd1dap-1, 0x1.eb2b3p-3, 0x1.e87b3cp-6);
  } else {
    distance = (0x1.80ead197f00b4p-1 - u) - 0x1.13e74c58cada8p-56;
    r = polynomial(u, 0x1.1085e17c4073fp-2, 0x1.9a2208ecdf5c8p-2, 0x1.28faf330a601cp-2, 0x1.09dfccd185011p-3,
                   0x1.3fd3bdac024b4p-5, 0x1.0855671081f91p-7, 0x1.25ef5baaa72c7p-10, 0x1.94c8182e9d2aap-14,
                   0x1.0bbab333b5915p-18);
    q = polynomial(u, 1.0, 0x1.15989fcfd2ddep1, 0x1.14d31026e9b02p1, 0x1.4e2a12da169d4p0, 0x1.0dfd41d4390c3p-1,
                   0x1.301b653c52665p-3, 0x1.e0162da4580a5p-6, 0x1.01e08befa07e9p-8, 0x1.59792d7dd24fcp-12,
                   0x1.be5517ed77b7dp-17);
  }
  const auto d = detail::gaussian(u);
  return {d.exp(distance) * (V(N::scale) + r / q), d.n};
}

// Mills' ratio M(t) = Q(t)/phi(t) = 1/(t + 1/(t + N)), t >= 0, N falling from sqrt(pi/2) like 2/t: of its error, the
// smaller part reaches M, and 1 - tM = 1/(1 + t(t + N)) does not cancel. Constant where the density is 0.
template <class V>
struct Mills {
  Sum<V> remainder, numerator, product;  // N, t + N, t(t + N)

  SMOOTHACT_FN explicit Mills(V t) : Mills(Sum<V>{t, 0}) {}
  SMOOTHACT_FN explicit Mills(Sum<V> argument) {
    using N = detail::Normal<typename V::scalar>;
    const Sum<V> t = detail::at_most(N::fitted, argument);
    const V u = t.hi;
    V p, q;
    if constexpr (coarse<V>) {
      p = polynomial(u, 0x1.b78caap-2, 0x1.4697d4p-3, 0x1.b11a18p-6);
      q = polynomial(u, 1.0, 0x1.28695cp-1, 0x1.4c9f0ep-3, 0x1.58d32ep-6);
    } else if constexpr (sizeof(typename V::scalar) == 4) {
      p = polynomial(u, 0x1.b7812cp-2, 0x1.0d23p-2, 0x1.4e601ap-4, 0x1.c73ec6p-7, 0x1.255b2cp-10);
      q = polynomial(u, 1.0, 0x1.a36096p-1, 0x1.5e34c2p-2, 0x1.5c5c68p-4, 0x1.99fb4cp-7, 0x1.d41cf4p-11);
    } else {
      p = polynomial(u, 0x1.b7812aeef4b91p-2, 0x1.05140b68c88e2p-1, 0x1.3aa19ffca5285p-2, 0x1.eb80712c57f8ap-4,
                     0x1.0ee7dd0767e9bp-5, 0x1.b289fb921750cp-8, 0x1.fa5a090d5ba93p-11, 0x1.9e559cde0e3f7p-14,
                     0x1.b32b35b21e445p-18, 0x1.c5d5a783ca7ep-23);
      q = polynomial(u, 1.0, 0x1.6510e56c1df16p0, 0x1.f92fbcd813473p-1, 0x1.d25da32d9936cp-2, 0x1.33714f6d468f7p-3,
                     0x1.2c8e398973c72p-5, 0x1.b81c8f63b2dc1p-8, 0x1.dccc15b4a0a31p-11, 0x1.6f058abcabe8bp-14,
                     0x1.6d459f49c18d1p-18, 0x1.6a1b8c5abeeeep-23);
    }
    const Sum<V> at_zero = in_full<V>(Constant(1.2533141373155003, -9.164289990229583e-17));
    remainder = add(at_zero.hi, -u * (p / q));
    remainder = {remainder.hi, remainder.lo + at_zero.lo};
    numerator = remainder + t;
    product = t * numerator;
  }
  SMOOTHACT_FN Sum<V> denominator() const { return one_plus(product); }
};
// To 1.2 ulp.
template <class V>
SMOOTHACT_FN V mills(V t) {
  const Mills<V> m(t);
  return quotient(m.numerator, m.denominator());
}
// 1 - tM(t), to 2 ulp.
template <class V>
SMOOTHACT_FN V one_minus_t_mills(V t) {
  const Sum<V> y = inverse(Mills<V>(t).denominator());
  return y.hi + y.lo;
}

// phi(t) r, with one rounding of its own
template <class V>
SMOOTHACT_FN Scaled<V> times_density(Sum<V> t, Sum<V> r) {
  using N = detail::Normal<typename V::scalar>;
  const auto d = detail::gaussian(detail::at_most(N::reach, t), N::correction);
  return {d.exp(r * V(N::scale)), d.n};
}

// The next three for t >= 0, a number or a finite Sum, whose trailing term counts t^2 times as much in the density as
// in the rest. Q(t), to 2.5 ulp.
template <class T>
SMOOTHACT_FN auto normal_tail(T t) {
  using V = decltype(leading(t));
  const Sum<V> s = as_sum(t);
  const Mills<V> m(s);
  return times_density(s, ratio(m.numerator, m.denominator()));
}
// phi(t) - tQ(t), the integral of Q from t on, to 2.5 ulp.
template <class T>
SMOOTHACT_FN auto normal_excess(T t) {
  using V = decltype(leading(t));
  const Sum<V> s = as_sum(t);
  return times_density(s, inverse(Mills<V>(s).denominator()));
}
// (tQ(t))' of a Sum
template <class V>
SMOOTHACT_FN Scaled<V> weighted_tail_slope(Sum<V> t) {
  const Mills<V> m(t);
  const Sum<V> u = detail::at_most(detail::Normal<typename V::scalar>::fitted, t);
  return times_density(t, ratio(m.remainder + -(u * m.product), m.denominator()));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
