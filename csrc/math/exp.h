// SPDX-License-Identifier: Apache-2.0
// Exponentials, from z = n ln 2 + r, |r| <= ln(2)/2, and e^r = 1 + r + r^2 g(r). tools/fit/exp.py makes the
// numbers. An argument that is a Sum obeys |z| <= Format::tail, as whoever formed it must have seen to.
#pragma once

#include "number.h"
#include "polynomial.h"
#include "sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// m * 2^n, kept apart: the factors of a product act on m, so that only the last rounding sees the subnormals.
template <class V>
struct Scaled {
  V m, n;

  SMOOTHACT_FN V value() const { return ldexp(m, n); }

  friend SMOOTHACT_FN Scaled operator*(Scaled a, V b) { return {a.m * b, a.n}; }
  friend SMOOTHACT_FN Scaled operator*(V a, Scaled b) { return {a * b.m, b.n}; }
  friend SMOOTHACT_FN Scaled operator*(Scaled a, Sum<V> b) { return {fma(a.m, b.hi, a.m * b.lo), a.n}; }
  friend SMOOTHACT_FN Scaled operator/(Scaled a, V b) { return {a.m / b, a.n}; }
  friend SMOOTHACT_FN Scaled operator-(Scaled a) { return {-a.m, a.n}; }
};
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(const M& mask, Scaled<V> a, Scaled<V> b) {
  return {select(mask, a.m, b.m), select(mask, a.n, b.n)};
}
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(const M& mask, Scaled<V> a, V b) {
  return select(mask, a, Scaled<V>{b, 0});
}
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(const M& mask, V a, Scaled<V> b) {
  return select(mask, Scaled<V>{a, 0}, b);
}

namespace detail {

// g
template <class V>
SMOOTHACT_FN V expm1_tail(V r) {
  if constexpr (coarse<V>)
    return polynomial(r, 0x1.0006b4p-1, 0x1.571cb2p-3, 0x1.52262ep-5);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558acp-5, 0x1.12397cp-7, 0x1.6a5176p-10);
  else
    return polynomial(r, 0x1.0000000000009p-1, 0x1.55555555554fap-3, 0x1.5555555550ae9p-5, 0x1.1111111127d4ap-7,
                      0x1.6c16c183bce2dp-10, 0x1.a01a012952527p-13, 0x1.a0199b074a5e8p-16, 0x1.71df288036221p-19,
                      0x1.28aca7e28419dp-22, 0x1.ad795120bbc18p-26);
}

// (2^f - 1)/f, |f| <= 1/2
template <class V>
SMOOTHACT_FN V exp2m1_over(V f) {
  static_assert(sizeof(typename V::scalar) == 4);
  if constexpr (coarse<V>) return polynomial(f, 0x1.62dfcap-1, 0x1.ebf1bap-3, 0x1.ca8fd6p-5, 0x1.408f54p-7);
  return polynomial(f, 0x1.62e43p-1, 0x1.ebfbdep-3, 0x1.c6af5cp-5, 0x1.3b2b1ep-7, 0x1.5f1d4ap-10, 0x1.440c74p-13);
}

template <class T>
struct Ln2;
template <>
struct Ln2<float> {
  static constexpr double reciprocal = 0x1.715476p0, hi = 0x1.62e43p-1, lo = -0x1.05c61p-29;
};
template <>
struct Ln2<double> {
  static constexpr double reciprocal = 0x1.71547652b82fep0, hi = 0x1.62e42fefa39efp-1, lo = 0x1.abc9e3b39803fp-56;
};

// x k to the nearest integer
template <class V>
SMOOTHACT_FN V nearest_multiple(V x, V k) {
  const V magic = Format<typename V::scalar>::round_magic;
  return fma(x, k, magic) - magic;
}

// z = n ln 2 + r. The product with the leading part of ln 2 cancels exactly against z.
template <class V>
struct Reduced {
  V n, r;

  SMOOTHACT_FN explicit Reduced(V z) : n(multiple(z)), r(fma(n, V(-L::hi), z)) {
    if constexpr (keeps_errors<V>) r = fma(n, V(-L::lo), r);
  }
  SMOOTHACT_FN explicit Reduced(Sum<V> z) : n(multiple(z.hi)), r(fma(n, V(-L::hi), z.hi)) {
    if constexpr (keeps_errors<V>) r = r + fma(n, V(-L::lo), z.lo);
  }

  SMOOTHACT_FN V tail() const { return expm1_tail(r); }
  // scale * e^r, the scale without a rounding of its own
  SMOOTHACT_FN V exp(V scale) const { return fma(scale * r, fma(r, tail(), V(1)), scale); }
  SMOOTHACT_FN V exp(Sum<V> scale) const {
    return scale.hi + fma(scale.hi * r, fma(r, tail(), V(1)), plus_trailing(V(0), scale));
  }
  SMOOTHACT_FN V exp() const { return fma(r, fma(r, tail(), V(1)), V(1)); }
  // e^r - 1; r is exact where n = 0.
  SMOOTHACT_FN V expm1() const { return fma(r * r, tail(), r); }

 private:
  using L = Ln2<typename V::scalar>;
  static SMOOTHACT_FN V multiple(V z) { return nearest_multiple(z, V(L::reciprocal)); }
};

}  // namespace detail

// e^z, |z| <= Format::tail: m in [0.7, 1.42], to 0.87 ulp (float, double).
template <class V>
SMOOTHACT_FN Scaled<V> exp_bounded(V z) {
  const detail::Reduced<V> d(z);
  return {d.exp(), d.n};
}
template <class V>
SMOOTHACT_FN Scaled<V> exp_bounded(Sum<V> z) {
  const detail::Reduced<V> d(z);
  return {d.exp(), d.n};
}

// e^z for every z: beyond Format::tail the product with m still under- or overflows.
template <class V>
SMOOTHACT_FN Scaled<V> exp_scaled(V z) {
  constexpr double tail = Format<typename V::scalar>::tail;
  return exp_bounded(clamp(z, -tail, tail));
}
template <class V>
SMOOTHACT_FN Scaled<V> exp_scaled(Sum<V> z) {
  return exp_bounded(z);
}

// e^z for every z, to 0.9 (float) and 1.0 ulp (double).
template <class V>
SMOOTHACT_FN V exp(V z) {
  return exp_scaled(z).value();
}

inline constexpr double octave = 1.4426950408889634;  // 1/ln 2

// z/ln 2 = k x with a k of two terms, not yet multiplied out: what is left of it beside an integer is rounded once.
template <class V, class X = V>
struct Octaves {
  X x;
  V k, k_lo;

  SMOOTHACT_FN V n() const { return detail::nearest_multiple(leading(x), k); }
  SMOOTHACT_FN V beside(V n) const {
    if constexpr (!keeps_errors<V>)
      return fma(leading(x), k, -n);
    else if constexpr (std::is_same_v<X, V>)
      return fma(x, k_lo, fma(x, k, -n));
    else
      return fma(x.lo, k, fma(x.hi, k_lo, fma(x.hi, k, -n)));
  }
};

template <class V>
inline constexpr bool counts_octaves = requires {
  V::lanes;
}
&&sizeof(typename V::scalar) == 4;
template <class X>
SMOOTHACT_FN auto in_octaves(X x, const Constant& k) {
  using V = decltype(leading(x));
  return Octaves<V, X>{x, V(k), V(k.trailing<typename V::scalar>())};
}

// e^z = 2^n (1 + p), |z| <= Format::tail: p carries more digits than 1 + p, and a factor takes them in. To 1.2 ulp, of
// octaves to 1.5 (one term) and 1.7 (two), times and all; to 17 digits where these count, but minus_one to 2.2 units of
// the last (of octaves 2.8 ulp and 6.5 units).
template <class V>
struct Exponential {
  V p, n;

  SMOOTHACT_FN explicit Exponential(V z) : Exponential(detail::Reduced<V>(z)) {}
  SMOOTHACT_FN explicit Exponential(Sum<V> z) : Exponential(detail::Reduced<V>(z)) {}
  template <class X>
  SMOOTHACT_FN explicit Exponential(const Octaves<V, X>& z) : n(z.n()) {
    const V f = z.beside(n);
    p = f * detail::exp2m1_over(f);
  }

  SMOOTHACT_FN Scaled<V> scaled() const { return {1 + p, n}; }
  SMOOTHACT_FN Scaled<V> times(V x) const { return {fma(x, p, x), n}; }
  SMOOTHACT_FN Scaled<V> times(Sum<V> x) const { return {x.hi + fma(x.hi, p, fma(x.lo, p, x.lo)), n}; }
  // Of the next three, each for z <= 0 and rounded once:
  SMOOTHACT_FN V beside_one() const { return about(0); }  // e^z, no digits below 2^-64
  SMOOTHACT_FN V plus_one() const { return about(1); }    // e^z + 1
  SMOOTHACT_FN V minus_one() const { return about(-1); }  // e^z - 1

 private:
  SMOOTHACT_FN explicit Exponential(const detail::Reduced<V>& d) : p(d.expm1()), n(d.n) {}
  SMOOTHACT_FN V about(double c) const {
    const V s = power_beside_one(n);
    return fma(s, p, c == 0 ? s : s + c);
  }
};

// e^z/(1 + e^z) for -Format::tail <= z <= 40, to 2.5 ulp. Where 2^-n would overflow, it stays at 2^100, beside which 1
// is nothing.
template <class V, class Z>
SMOOTHACT_FN Scaled<V> logistic(Z z) {
  const Exponential<V> e(z);
  if constexpr (requires { e.logistic(); }) {
    return e.logistic();
  } else {
    const V n = max(V(-100), e.n);
    return {(1 + e.p) / ((1 + power_of_two(-n)) + e.p), e.n - n};
  }
}

template <class V>
struct ExpExpm1 {
  Sum<V> m;
  V n;
  Sum<V> em1;

  SMOOTHACT_FN Scaled<V> e() const { return {m.hi, n}; }
  SMOOTHACT_FN Sum<V> value() const { return {ldexp(m.hi, n), ldexp(m.lo, n)}; }
};
namespace detail {
template <class V>
SMOOTHACT_FN ExpExpm1<V> from_reduced(const Reduced<V>& d) {
  const V p = d.expm1(), s = power_of_two(max(V(-64), d.n));
  return {one_plus(p), d.n, add(s - 1, s * p)};
}
}  // namespace detail

// e^z, to 1.1 ulp, and e^z - 1, to 0.95 (float) and 1.2 ulp (double), for z <= 0; with the last roundings kept in lo.
template <class V>
SMOOTHACT_FN ExpExpm1<V> exp_expm1(V z) {
  return from_reduced(detail::Reduced<V>(max(V(-Format<typename V::scalar>::tail), z)));
}
template <class V>
SMOOTHACT_FN ExpExpm1<V> exp_expm1(Sum<V> z) {
  return from_reduced(detail::Reduced<V>(z));
}

// e^z - 1 for every z, to 1.5 (float) and 1.8 ulp (double).
template <class V>
SMOOTHACT_FN V expm1(V z) {
  // The power of two stays one below the result's, which overflows by itself.
  constexpr double top = sizeof(typename V::scalar) == 4 ? 88.9 : 709.9;
  const detail::Reduced<V> d(clamp(z, -40, top));
  const V s = power_of_two(d.n - 1);
  return 2 * fma(s, d.expm1(), s - V(0.5));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
