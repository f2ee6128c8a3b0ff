// SPDX-License-Identifier: Apache-2.0
// Hyperbolic functions and what else comes from e = exp(-2|z|) <= 1 alone, so that neither 1 - tanh^2 nor a difference
// of logarithms ever cancels. z is a number or a Sum, finite or not, |z| <= Format::tail/2 where it is a Sum.
#pragma once

#include "exp.h"
#include "log.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

// -2|z|
template <class V>
SMOOTHACT_FN V minus_twice(V z) {
  return max(V(-Format<typename V::scalar>::tail), 2 * minus_abs(z));
}
template <class V>
SMOOTHACT_FN Sum<V> minus_twice(Sum<V> z) {
  const Sum<V> a = minus_abs(z);
  return {2 * a.hi, a.lo + a.lo};
}

}  // namespace detail

// To 3 ulp.
template <class Z>
SMOOTHACT_FN auto tanh(Z z) {
  using V = decltype(leading(z));
  const Exponential<V> e(detail::minus_twice(z));
  return copysign(e.minus_one() / e.plus_one(), leading(z));
}

// 1/cosh^2 z = 4e/(1 + e)^2, to 3.1 ulp.
template <class Z>
SMOOTHACT_FN auto sech_squared(Z z) {
  using V = decltype(leading(z));
  const Exponential<V> e(detail::minus_twice(z));
  const V w = e.beside_one(), share = w / (1 + w);
  const Scaled<V> y = 4 * e.scaled();
  const V m = fma(-y.m, share, y.m);
  return Scaled<V>{fma(-m, share, m), y.n};
}

// log(2 cosh z), to 1.9 ulp.
template <class V>
SMOOTHACT_FN V log_2cosh(V z) {
  return abs(z) + log1p_scaled(exp_bounded(detail::minus_twice(z))).value();
}

// The entropy of a coin whose odds are e^a, a <= 0: log(1 + e^a) - a e^a/(1 + e^a), to 3.4 ulp. It is what remains of
// log(2 cosh z) - z tanh z, a = -2|z|.
template <class V>
SMOOTHACT_FN Scaled<V> coin_entropy(V a) {
  const V b = max(V(-Format<typename V::scalar>::tail), a);
  const Scaled<V> e = exp_bounded(b), log = log1p_scaled(e);
  return {fma(-b, e.m / (1 + e.value()), log.m), e.n};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
