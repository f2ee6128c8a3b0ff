// SPDX-License-Identifier: Apache-2.0
// AffineTanh   scale tanh(z/2) + shift, over one denominator: where the two cancel, no rounding comes between them
#pragma once

#include "../steps/logistic.h"
#include "constructions.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AffineTanh : Construction<Logistic, Linear> {
  Constant scale, shift;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const auto p = this->warp(x);
    const V y = this->step(p).sign_times(math::in_full<V>(scale), math::in_full<V>(shift));
    return math::with_sign_of_zero(y, V(scale) * p.z.hi);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = this->warp(x);
    return (this->step(p).slope() * (math::in_full<V>(scale) * (p.slope * V(2)))).value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    return this->step(p).curvature(math::in_full<V>(scale) * (p.slope * p.slope * V(2))).value();
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
