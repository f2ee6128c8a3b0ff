// SPDX-License-Identifier: Apache-2.0
// Exponentials. z = n ln 2 + r, |r| <= ln(2)/2, e^r = 1 + r + r^2 g(r); tools/fit/exp.py makes the coefficients.
#pragma once

#include "argument.h"
#include "number.h"
#include "polynomial.h"

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
  friend SMOOTHACT_FN Scaled operator/(Scaled a, V b) { return {a.m / b, a.n}; }
  friend SMOOTHACT_FN Scaled operator-(Scaled a) { return {-a.m, a.n}; }
};
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(M mask, Scaled<V> a, Scaled<V> b) {
  return {select(mask, a.m, b.m), select(mask, a.n, b.n)};
}
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(M mask, Scaled<V> a, V b) {
  return select(mask, a, Scaled<V>{b, 0});
}
template <class M, class V>
SMOOTHACT_FN Scaled<V> select(M mask, V a, Scaled<V> b) {
  return select(mask, Scaled<V>{a, 0}, b);
}

namespace detail {

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

template <class V>
SMOOTHACT_FN V exp_tail(V r) {
  if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558acp-5, 0x1.12397cp-7, 0x1.6a5176p-10);
  else
    return polynomial(r, 0x1.0000000000009p-1, 0x1.55555555554fap-3, 0x1.5555555550ae9p-5, 0x1.1111111127d4ap-7,
                      0x1.6c16c183bce2dp-10, 0x1.a01a012952527p-13, 0x1.a0199b074a5e8p-16, 0x1.71df288036221p-19,
                      0x1.28aca7e28419dp-22, 0x1.ad795120bbc18p-26);
}

// z = n ln 2 + hi + lo. The product with the leading part of ln 2 cancels exactly against z.
template <class V>
struct Reduced {
  V n, hi, lo;

  SMOOTHACT_FN explicit Reduced(V z) {
    reduce(z);
    lo = n * V(-L::lo);
  }
  SMOOTHACT_FN explicit Reduced(Sum<V> z) {
    reduce(z.hi);
    lo = fma(n, V(-L::lo), z.lo);
  }
  // e^(hi + lo) - 1
  SMOOTHACT_FN V expm1() const { const V r = hi + lo; return hi + fma(r * r, exp_tail(r), lo); }

 private:
  using L = Ln2<typename V::scalar>;
  SMOOTHACT_FN void reduce(V z) {
    const V magic = Format<typename V::scalar>::round_magic;
    n = fma(z, V(L::reciprocal), magic) - magic;
    hi = fma(n, V(-L::hi), z);
  }
};

template <class V>
SMOOTHACT_FN V bounded(V z) {
  return clamp(z, -Format<typename V::scalar>::tail, Format<typename V::scalar>::tail);
}
template <class V>
SMOOTHACT_FN Sum<V> bounded(Sum<V> z) {
  return {bounded(z.hi), select(abs(z.hi) < V(Format<typename V::scalar>::tail), z.lo, V(0))};
}

}  // namespace detail

// e^z for |z| <= Format::tail, z of type V or Sum<V>.
template <class V>
SMOOTHACT_FN Scaled<V> exp_boundedA(V z) {
  using namespace detail;
  Reduced<V> d(z);
  using L = Ln2<typename V::scalar>;
  const V r = fma(d.n, V(-L::lo), d.hi);
  return {fma(r, fma(r, exp_tail(r), V(1)), V(1)), d.n};
}
template <class V>
SMOOTHACT_FN Scaled<V> exp_boundedB(V z) {
  using namespace detail;
  Reduced<V> d(z);
  return {1 + d.expm1(), d.n};
}
template <class V>
SMOOTHACT_FN Scaled<V> exp_boundedC(V z) {
  using namespace detail;
  Reduced<V> d(z);
  V s = 1 + d.hi, r = d.hi + d.lo, t = fma(r * r, exp_tail(r), d.lo);
  V e = d.hi - (s - 1);
  return {s + (e + t), d.n};
}
template <class V>
SMOOTHACT_FN Scaled<V> exp_boundedD(V z) {
  using namespace detail;
  Reduced<V> d(z);
  using L = Ln2<typename V::scalar>;
  V r = d.hi + d.lo, t = fma(r * r, exp_tail(r), d.lo);
  return {(1 + d.hi) + t, d.n};
}
}
}
}
