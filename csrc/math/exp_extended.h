// SPDX-License-Identifier: Apache-2.0
// Exponentials for what would multiply or cancel their last rounding. tools/fit/exp.py makes the numbers.
#pragma once

#include "exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

// s of e^r = 1 + r + r^2/2 + r^3/6 + r^4 s(r)
template <class V>
SMOOTHACT_FN V exp_remainder(V r) {
  if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(r, 0x1.5554fp-5, 0x1.111194p-7, 0x1.6d43acp-10, 0x1.9f97d6p-13);
  else
    return polynomial(r, 0x1.5555555555557p-5, 0x1.1111111111104p-7, 0x1.6c16c16c156ebp-10, 0x1.a01a01a024db5p-13,
                      0x1.a01a01ab62828p-16, 0x1.71de3a23be88ap-19, 0x1.27e4d06a15fc4p-22, 0x1.ae650be3fde31p-26,
                      0x1.1f8568cf2c724p-29, 0x1.6077a6164748ep-33);
}

// g of e^r = 1 + r + r^2 g(r) for where it does not stand beside 1: 1/2 is exact.
template <class V>
SMOOTHACT_FN V expm1_minus_tail(V r) {
  if constexpr (coarse<V>)
    return polynomial(r, 0x1.ffff58p-2, 0x1.5555e6p-3, 0x1.56b39p-5, 0x1.115382p-7);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(r, 0x1p-1, 0x1.555556p-3, 0x1.555506p-5, 0x1.110ffp-7, 0x1.6d2948p-10, 0x1.a26b1p-13);
  else
    return polynomial(r, 0x1p-1, 0x1.5555555555557p-3, 0x1.5555555555557p-5, 0x1.1111111110056p-7,
                      0x1.6c16c16c15fc7p-10, 0x1.a01a01ac1a86bp-13, 0x1.a01a01a60cbf3p-16, 0x1.71de01b8059dp-19,
                      0x1.27e4e079b43e3p-22, 0x1.af4eb4256bb27p-26, 0x1.1f66ad37ed6b7p-29);
}

}  // namespace detail

// e^z in two terms for |z| <= Format::tail, to a relative 2^-33 (float) and 2^-64 (double): exp(-e^z) and tanh(e^z)
// multiply the error by e^z.
template <class V>
SMOOTHACT_FN Sum<V> exp_extended(Sum<V> z) {
  if constexpr (!keeps_errors<V>) {
    return {exp_bounded(z).value(), 0};
  } else {
    using L = detail::Ln2<typename V::scalar>;
    const V n = detail::nearest_multiple(z.hi, V(L::reciprocal));
    const Sum<V> r = two_sum(fma(n, V(-L::hi), z.hi), fma(n, V(-L::lo), z.lo));
    const Constant sixth(1.0 / 6, 0x1.5555555555555p-57);
    const auto plus = [](const Constant& c, Sum<V> x) {
      const Sum<V> s = add(V(c), x.hi);
      return Sum<V>{s.hi, s.lo + (x.lo + V(c.trailing<typename V::scalar>()))};
    };
    const Sum<V> p = plus(sixth, Sum<V>{r.hi * detail::exp_remainder(r.hi), 0});
    const Sum<V> e = plus(1, r * plus(1, r * plus(0.5, r * p)));
    return {ldexp(e.hi, n), ldexp(e.lo, n)};
  }
}
template <class V>
SMOOTHACT_FN Sum<V> exp_extended(V z) {
  return exp_extended(Sum<V>{z, 0});
}

// e^z - 1 - z for every z, to 2.6 ulp, 3 below the normal numbers: of e^z = 2^n (1 + r + r^2 g), z = n ln 2 + r, what
// is left after 2^n - 1 - n ln 2, which is exact where anything cancels.
template <class V>
SMOOTHACT_FN V expm1_minus(V z) {
  using L = detail::Ln2<typename V::scalar>;
  // Half of it, lest the power of two overflow before the result does.
  constexpr double top = sizeof(typename V::scalar) == 4 ? 88.9 : 709.9;
  const V near = clamp(z, -40, top), n = detail::nearest_multiple(near, V(L::reciprocal));
  V r = fma(n, V(-L::hi), near);
  if constexpr (keeps_errors<V>) r = fma(n, V(-L::lo), r);
  const V s = power_of_two(n - 1), t = s - V(0.5), c = fma(n, V(-0.5 * L::hi), t);
  const V y = fma(s * r, r * detail::expm1_minus_tail(r), fma(t, r, c) - 0.5 * n * V(L::lo));
  return select(z < -40, -1 - z, 2 * y);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
