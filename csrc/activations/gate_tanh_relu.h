// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "constructions/transforms.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The gate of tanh_relu.
struct GateTanhRelu : Rectified<AbsGate<Logistic, Shift>> {
  static constexpr Descriptor descriptor{
      .name = "gate_tanh_relu",
      .module = "GateTanhReLU",
      .kind = Kind::gate,
      .definition = "x * tanh(max(x, 0))",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr GateTanhRelu() : Rectified{{{{{2}}}}} {}
};
inline constexpr Function<GateTanhRelu> gate_tanh_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
