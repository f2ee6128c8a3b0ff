// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// torch's: hard_sigmoid of w = 3.
struct Hardsigmoid : Ramp {
  static constexpr Descriptor descriptor{
      .name = "hardsigmoid",
      .module = "Hardsigmoid",
      .kind = Kind::step,
      .definition = "where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 0,
      .kinks = {-3, 3},
      .right_kinks = {3},
      .inplace = true,
  };
  SMOOTHACT_FN constexpr Hardsigmoid() : Ramp(-3, 3) {}
};
inline constexpr Function<Hardsigmoid> hardsigmoid{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
