// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/exp.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = exp(z)/2 left of 0 and 1 - exp(-z)/2 right of it; its integral exceeds max(z, 0) by exp(-|z|)/2.
template <class V, class Z>
struct Laplace {
  Z a;  // -|z|
  typename V::Mask negative;

  SMOOTHACT_FN explicit Laplace(Z z) : a(below_zero(z)), negative(leading(z) < 0) {}

  SMOOTHACT_FN Scaled<V> value() const {
    const math::Exponential<V> e(a);
    return select(negative, e.times(V(0.5)), fma(V(-0.5), e.beside_one(), V(1)));
  }
  SMOOTHACT_FN Scaled<V> slope() const { return excess(a); }
  template <class A>
  static SMOOTHACT_FN Scaled<V> excess(const A& a) {
    return math::Exponential<V>(a).times(V(0.5));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
