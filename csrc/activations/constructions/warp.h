// SPDX-License-Identifier: Apache-2.0
// The map x -> z in front of a step: z itself, its derivatives, and x guarded where the step decays.
#pragma once

#include "../../math/exp.h"
#include "../../math/number.h"
#include "../../math/sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

using math::Constant;
using math::Scaled;
using math::Sum;

// Beyond `tail` the step is 0 or 1 in every format, so z may be clamped there: infinities never meet a zero.
template <class V>
inline constexpr double tail = math::Format<typename V::scalar>::tail;

template <class V, class Z, class D>
struct Argument {
  Z z;
  D slope;        // z'
  D x_slope;      // x z'
  D x_curvature;  // x z''
  V x;            // the factor of a gate: x, tamed where the step is below the smallest number
};

template <class V>
SMOOTHACT_FN V leading(V z) {
  return z;
}
template <class V>
SMOOTHACT_FN V leading(Sum<V> z) {
  return z.hi;
}
template <class V>
SMOOTHACT_FN V minus_abs(V z) {
  return -abs(z);
}
template <class V>
SMOOTHACT_FN Sum<V> minus_abs(Sum<V> z) {
  return {-abs(z.hi), select(z.hi < 0, z.lo, -z.lo)};
}

// z = x
struct Unit {
  template <class V>
  SMOOTHACT_FN Argument<V, V, V> operator()(V x) const {
    const V z = clamp(x, -tail<V>, tail<V>);
    return {z, 1, z, 0, max(V(-tail<V>), x)};
  }
};

// z = kx, with the rounding error of the product kept: it would be multiplied by z in the tail.
struct Linear {
  Constant k, reach;
  SMOOTHACT_FN constexpr Linear(Constant k) : k(k), reach(1 / (k.value < 0 ? -k.value : k.value)) {}

  template <class V>
  SMOOTHACT_FN Argument<V, Sum<V>, Sum<V>> operator()(V x) const {
    using T = typename V::scalar;
    const V far = min(V(math::Format<T>::largest), V(reach) * tail<V>);
    const V inside = min(far, max(-far, x));
    const Sum<V> z = product(k, inside);
    const V guarded = select((z.hi < 0) & (far < abs(x)), copysign(V(0), x), x);
    return {z, {V(k), V(k.template trailing<T>())}, z, {0, 0}, guarded};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
