// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LeakyRelu {
  static constexpr Descriptor descriptor{
      .name = "leaky_relu",
      .module = "LeakyReLU",
      .kind = Kind::piecewise,
      .parameters = {{"negative_slope", 0.01}},
      .definition = "where(x > 0, x, negative_slope * x)",
      .source = "Maas et al. 2013, Rectifier nonlinearities improve neural network acoustic models",
      .limits = {-infinity, infinity},
      .slopes = {0.01, 1},
      .smoothness = 0,
      .kinks = {0},
      .inplace = true,
      .slope_of_result = true,
  };
  Constant negative_slope, reach;  // a slope of 0 must not meet an infinity
  SMOOTHACT_FN constexpr explicit LeakyRelu(Constant slope)
      : negative_slope(slope), reach(equals(slope, 0) ? 0 : infinity) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x < 0, V(negative_slope) * max(-V(reach), x), x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x > 0, V(1), V(negative_slope) + flat(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return flat(x);
  }
};
inline constexpr Function<LeakyRelu> leaky_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
