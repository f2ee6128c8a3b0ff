// SPDX-License-Identifier: Apache-2.0
// The smooth |x| whose half with x is a gate or an integral, R = (x + A)/2. A = 2R - x would cancel around 0.
//   AbsGate      x (2H(z) - 1)
//   AbsIntegral  |x| + 2 excess, its slope the sign 2H(z) - 1
#pragma once

#include "constructions.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <template <class, class> class H, class Warp>
struct AbsGate : Construction<H, Warp> {
  template <class Use>
  void specialise(const Use& use) const {
    shifted(*this, use);
  }
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    constexpr double far = math::Format<typename V::scalar>::largest;
    const V y = this->step(this->warp(x)).sign_times(clamp(x, -far, far));
    return select(V(far) <= abs(x), abs(x), y);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return this->step(this->warp(x)).sign_gate_slope(this->warp.fold(x).u);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return 2 * Gate<H, Warp>{{this->warp}}.d2f(x);
  }
};

template <template <class, class> class H, class Warp = Linear>
struct AbsIntegral : Integral<H, Warp> {
  using Integral<H, Warp>::Integral;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return abs(x) + 2 * this->excess(x).value();
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return Sign<H, Warp>{{this->warp}}.f(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return Sign<H, Warp>{{this->warp}}.df(x);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
