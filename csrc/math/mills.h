// SPDX-License-Identifier: Apache-2.0
// The normal tail Q(t) = 1 - Phi(t) for t >= 0, without cancellation: exp(-t^2/2) times fractions of two polynomials,
// which tools/fit/mills.py makes. Where a fraction is close to a constant, it is fitted as that constant minus a
// quotient: the quotient's own rounding errors then count only by its share. NaN passes; t may be infinite.
#pragma once

#include "exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

template <class T>
struct Normal;
template <>
struct Normal<float> {
  // 1/sqrt(2 pi) and the relative error of its rounding; reach^2/2 < Format::tail; Mills' ratio is fitted to `fitted`,
  // beyond which the density is 0.
  static constexpr double scale = 0x1.988454p-2, correction = -0x1.e8221p-26, reach = 17.3, fitted = 14.6;
};
template <>
struct Normal<double> {
  static constexpr double scale = 0x1.9884533d43651p-2, correction = -0x1.201b8cp-54, reach = 44.7, fitted = 39;
};

// exp(-t^2/2), t^2 without rounding error.
template <class V>
SMOOTHACT_FN Reduced<V> gaussian(V t, double correction = 0) {
  const Sum<V> z = product(V(-0.5) * t, t);
  return Reduced<V>(Sum<V>{z.hi, correction == 0 ? z.lo : z.lo + V(correction)});
}

// tQ(t) = v (1/2 - y). Near 0, v = t exp(-t^2/2). Far from it, v = exp(-t^2/2) sqrt(2/pi), and y = (1 - tM)/2 falls
// like 1/t^2. The factor of the exponential goes into its last rounding.
template <class V>
SMOOTHACT_FN Scaled<V> weighted_tail(V t, V near_factor, V far_factor, typename V::Mask near) {
  V q, near_numerator, far_numerator;
  if constexpr (sizeof(typename V::scalar) == 4) {
    near_numerator = polynomial(t, 0x1.9884acp-2, 0x1.ece1e4p-2, 0x1.079c34p-2, 0x1.31b71ap-4, 0x1.5f6864p-7);
    far_numerator = polynomial(t, 0x1.00052p-1, 0x1.28a30ep-2, 0x1.50bbccp-4, 0x1.700a82p-7);
    q = polynomial(t, 1.0, 0x1.d54fecp0, 0x1.75cec2p0, 0x1.4ca912p-1, 0x1.506f2ap-3, 0x1.701614p-6);
  } else {
    near_numerator = polynomial(t, 0x1.9884533d435dfp-2, 0x1.75e8ef9b3dc8p-1, 0x1.48ab222c88097p-1, 0x1.69b405b86ca7bp-2,
                                0x1.1217fbe450362p-3, 0x1.291e9ddcad2a8p-5, 0x1.cf105ffd9596cp-8, 0x1.f8f2b2931ecdbp-11,
                                0x1.638a0aa785c04p-14, 0x1.fe516c59572e2p-19);
    far_numerator = polynomial(t, 0x1.fffffffe85d2p-2, 0x1.3433ce04b29b7p-1, 0x1.78c8ea0cb67f1p-2, 0x1.2818f16de4adbp-3,
                               0x1.432ca2bc4cb5bp-5, 0x1.f3a0ae91af9bcp-8, 0x1.0bdb572989ed7p-10, 0x1.70277309630bfp-14,
                               0x1.ff2d309ef22abp-19);
    q = polynomial(t, 1.0, 0x1.3a867ffdb82ddp1, 0x1.686534081d28p1, 0x1.fcc65f2798a23p0, 0x1.ebdb4c77daf36p-1,
                   0x1.55dc04134b1d5p-2, 0x1.5c1941707bc08p-4, 0x1.0271449a391f5p-6, 0x1.0eda1ad8d892ap-9,
                   0x1.7027730e584c9p-13, 0x1.ff2d309e14b1ap-18);
  }
  const V y = select(near, t * near_numerator, far_numerator) / q;
  const Reduced<V> d = gaussian(t);
  const V v = d.exp(select(near, near_factor, far_factor));
  return {fma(-y, v, V(0.5) * v), d.n};
}

}  // namespace detail

// exp(-t^2/2)/sqrt(2 pi). What 1/sqrt(2 pi) loses to rounding rejoins the exponent.
template <class V>
SMOOTHACT_FN Scaled<V> normal_pdf(V t) {
  using N = detail::Normal<typename V::scalar>;
  const auto d = detail::gaussian(min(V(N::reach), abs(t)), N::correction);
  return {d.exp(V(N::scale)), d.n};
}

// tQ(t): gelu(x) = max(x, 0) - tQ(t), t = |x|.
template <class V>
SMOOTHACT_FN Scaled<V> weighted_tail(V t) {
  using N = detail::Normal<typename V::scalar>;
  const V u = min(V(N::reach), t);
  return detail::weighted_tail(u, u, V(2 * N::scale), u < V(0.7));
}
// Q(t).
template <class V>
SMOOTHACT_FN Scaled<V> normal_tail(V t) {
  using N = detail::Normal<typename V::scalar>;
  const V u = min(V(N::reach), t);
  return detail::weighted_tail(u, V(1), V(2 * N::scale) / u, u < V(0.7));
}

// (tQ(t))' = Q(t) - t phi(t) = exp(-t^2/2) (t0 - t) (1/sqrt(2 pi) + r/q), with the root t0 to twice the precision.
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

// Mills' ratio M(t) = Q(t)/phi(t) = 1/(t + D(t)), D = r/s falling from sqrt(2/pi) to 0: in s/(ts + r) the error of s
// cancels where t is large, and 1 - tM = r/(ts + r) has all its digits.
template <class V>
struct Mills {
  V s, r, denominator;

  SMOOTHACT_FN explicit Mills(V t) {
    const V u = min(V(detail::Normal<typename V::scalar>::fitted), t);
    if constexpr (sizeof(typename V::scalar) == 4) {
      r = polynomial(u, 0x1.988454p-1, 0x1.1234aap-1, 0x1.795a08p-3, 0x1.1d61b4p-5, 0x1.9a56b6p-9);
      s = polynomial(u, 1.0, 0x1.206c54p0, 0x1.36fecp-1, 0x1.85df48p-3, 0x1.1d6de2p-5, 0x1.9a536p-9);
    } else {
      r = polynomial(u, 0x1.9884533d43651p-1, 0x1.1cc5638d890cdp0, 0x1.92e787aed3d5p-1, 0x1.740c0cb4e444cp-2,
                     0x1.eacbdbde884cbp-4, 0x1.e034f4fd0a6cdp-6, 0x1.60047dca6a55p-8, 0x1.7e02c76711cecp-11,
                     0x1.26c2ef25f1a86p-14, 0x1.265c3ed6ef035p-18, 0x1.2558dff553817p-23);
      s = polynomial(u, 1.0, 0x1.d97f5fc0ed354p0, 0x1.b1272cdbed66cp0, 0x1.fe956f920f6fep-1, 0x1.abc8f75a982cfp-2,
                     0x1.0a8c24c56cb8p-3, 0x1.f7a6bf1cb4849p-6, 0x1.692cd511d1362p-8, 0x1.829c3863a193cp-11,
                     0x1.27e84805c3f97p-14, 0x1.265c3ed6f3e1ap-18, 0x1.2558dff552e25p-23);
    }
    denominator = fma(u, s, r);
  }
};
template <class V>
SMOOTHACT_FN V mills(V t) {
  const Mills<V> m(t);
  return m.s / m.denominator;
}
template <class V>
SMOOTHACT_FN V one_minus_t_mills(V t) {
  const Mills<V> m(t);
  return m.r / m.denominator;
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
