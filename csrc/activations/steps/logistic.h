// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/log.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = 1/(1 + exp(-z)), from e = exp(-|z|) <= 1 alone: 1 - H and 1 - tanh^2, which lose every digit, never occur.
template <class V, class Z>
struct Logistic {
  Z a;  // -|z|
  V z;
  typename V::Mask negative;

  SMOOTHACT_FN explicit Logistic(Z argument) : a(minus_abs(argument)), z(leading(argument)), negative(z < 0) {}

  SMOOTHACT_FN Scaled<V> value() const {
    const Scaled<V> e = exp_bounded(a);
    return select(negative, e, V(1)) / (1 + e.value());
  }
  // tanh(z/2) = 2H - 1
  SMOOTHACT_FN V sign() const {
    const auto [e, em1] = exp_expm1(a);
    return copysign(em1 / (1 + e.value()), z);
  }
  // Distance of the integral of H from max(z, 0).
  SMOOTHACT_FN Scaled<V> excess() const { return log1p_scaled(exp_bounded(a)); }

  // H' = e/(1+e)^2
  SMOOTHACT_FN Scaled<V> slope() const {
    const Scaled<V> e = exp_bounded(a);
    const V d = 1 + e.value();
    return e / (d * d);
  }
  // H + uH': the exponential is common to both, so one division suffices and only the true root cancels.
  SMOOTHACT_FN V gate_slope(V u) const {
    const Scaled<V> e = exp_bounded(a);
    const V w = e.value(), d = 1 + w;
    const V numerator = fma(u, select(negative, V(1), w), d);
    return (select(negative, e, V(1)) * (numerator / (d * d))).value();
  }
  // aH' + bH'', H'' = -H' tanh(z/2)
  SMOOTHACT_FN Scaled<V> curvature(V a_, V b) const {
    const auto [e, em1] = exp_expm1(a);
    const V d = 1 + e.value(), t = -em1 / d;
    return e * (fma(-b, select(negative, -t, t), a_) / (d * d));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
