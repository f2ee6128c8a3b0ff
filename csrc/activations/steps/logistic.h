// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/log.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = 1/(1 + exp(-z)), from e = exp(-|z|) <= 1 alone: 1 - H and 1 - tanh^2, which lose every digit, never occur.
template <class V, class Z>
struct Logistic {
  Z z, a;  // a = -|z|
  typename V::Mask negative;

  SMOOTHACT_FN explicit Logistic(Z z) : z(z), a(below_zero(z)), negative(leading(z) < 0) {}

  SMOOTHACT_FN Scaled<V> value() const { return math::logistic<V>(at_most(z, 40)); }
  // xH(a) = xe - xe e/(1 + e): where e is small, the division's error does not count.
  template <class A>
  static SMOOTHACT_FN Scaled<V> decay(const A& a, V x) {
    const math::Exponential<V> e(a);
    const Scaled<V> xe = e.times(x);
    const V w = e.beside_one();
    return {fma(-xe.m, w / (1 + w), xe.m), xe.n};
  }
  // tanh(z/2) = 2H - 1
  SMOOTHACT_FN V sign() const {
    const math::Exponential<V> e(a);
    return copysign(e.minus_one() / e.plus_one(), leading(z));
  }
  // Distance of the integral of H from max(z, 0).
  SMOOTHACT_FN Scaled<V> excess() const { return log1p_scaled(exp_bounded(a)); }

  // H' = e/(1+e)^2
  SMOOTHACT_FN Scaled<V> slope() const {
    const Scaled<V> e = exp_bounded(a);
    const Sum<V> d = one_plus(e.value());
    return {quotient({e.m, 0}, d * d), e.n};
  }
  // H + uH': the exponential is common to both, so one division suffices and only the true root cancels.
  template <class U>
  SMOOTHACT_FN V gate_slope(U u) const {
    const Scaled<V> e = exp_bounded(a);
    const V w = e.value();
    const Sum<V> d = one_plus(w), numerator = multiply_add(u, select(negative, V(1), w), d);
    return (select(negative, e, V(1)) * quotient(numerator, d * d)).value();
  }
  // aH' + bH'', H'' = -H' tanh(z/2)
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U a_, U b) const {
    const auto x = exp_expm1(a);
    const Sum<V> d = one_plus(x.value()), numerator = a_ * d + b * select(negative, -x.em1, x.em1);
    return {quotient(numerator * x.m, d * d * d), x.n};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
