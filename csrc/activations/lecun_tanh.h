// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// 2 scale (H - 1/2), scale in two terms
struct LecunTanh : Construction<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "lecun_tanh",
      .module = "LeCunTanh",
      .kind = Kind::sign,
      .definition = "1.7159 * tanh(2 * x / 3)",
      .source = "LeCun et al. 1998, Efficient BackProp",
      .limits = {-1.7159, 1.7159},
      .slopes = {0, 0},
  };
  static constexpr Constant scale{1.7159, 1.9184653865522706e-17};
  SMOOTHACT_FN constexpr LecunTanh() : Construction{{Constant(1.3333333333333333, 7.401486830834377e-17)}} {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return this->step(this->warp(x)).sign_times(factor<V>());
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = this->warp(x);
    return (this->step(p).slope() * (factor<V>() * (p.slope * V(2)))).value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    return this->step(p).curvature(factor<V>() * (p.slope * p.slope * V(2))).value();
  }

 private:
  template <class V>
  static SMOOTHACT_FN Sum<V> factor() {
    return {V(scale), V(scale.trailing<typename V::scalar>())};
  }
};
inline constexpr Function<LecunTanh> lecun_tanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
