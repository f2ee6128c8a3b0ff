// SPDX-License-Identifier: Apache-2.0
// GateSlope   (x H(z))', the step that a gate has for its derivative
#pragma once

#include "constructions.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <template <class, class> class H, class Warp>
struct GateSlope : Construction<H, Warp> {
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V y = H<V, V>::decay_slope_sum(this->warp.below(x), this->warp.fold(x).u).value();
    return select(this->warp.negative(x), y, 1 - y);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return Gate<H, Warp>{{this->warp}}.d2f(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp.twist(x);
    const V y = H<V, V>::decay_jerk(p.a, p.ratio, p.scale).value();
    return select(this->warp.negative(x), y, -y);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
