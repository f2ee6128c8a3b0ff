// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "descriptor.h"
#include "relu.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ReluSquared {
  static constexpr Descriptor descriptor{
      .name = "relu_squared",
      .module = "ReLUSquared",
      .aliases = {"relu2", "squared_relu"},
      .kind = Kind::piecewise,
      .definition = "where(x > 0, x**2, 0)",
      .source = "So et al. 2021, arXiv:2109.08668",
      .limits = {0, infinity},
      .slopes = {0, infinity},
      .smoothness = 1,
  };
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V positive = Relu{}.f(x);
    return positive * positive;
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return 2 * Relu{}.f(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return 2 * Relu{}.df(x);
  }
};
inline constexpr Function<ReluSquared> relu_squared{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
