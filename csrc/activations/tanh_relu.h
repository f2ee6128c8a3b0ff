// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "constructions/transforms.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct TanhRelu : Rectified<Sign<Logistic, Shift>> {
  static constexpr Descriptor descriptor{
      .name = "tanh_relu",
      .module = "TanhReLU",
      .kind = Kind::step,
      .definition = "tanh(max(x, 0))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .smoothness = 0,
      .kinks = {0},
  };
  SMOOTHACT_FN constexpr TanhRelu() : Rectified{{{{{2}}}}} {}
};
inline constexpr Function<TanhRelu> tanh_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
