// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Relu6 : Clamp {
  static constexpr Descriptor descriptor{
      .name = "relu6",
      .module = "ReLU6",
      .kind = Kind::piecewise,
      .definition = "where(x <= 0, 0, where(x >= 6, 6, x))",
      .source = "Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
      .limits = {0, 6},
      .slopes = {0, 0},
      .smoothness = 0,
      .kinks = {0, 6},
      .right_kinks = {6},
      .inplace = true,
      .slope_of_result = true,
  };
  SMOOTHACT_FN constexpr Relu6() : Clamp{0, 6} {}
};
inline constexpr Function<Relu6> relu6{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
