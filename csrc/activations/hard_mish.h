// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct HardMish : RampGate {
  static constexpr Descriptor descriptor{
      .name = "hard_mish",
      .module = "HardMish",
      .kind = Kind::gate,
      .definition = "x * where(x <= -2, 0, where(x >= 0, 2, x + 2)) / 2",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 0,
      .kinks = {-2},
  };
  SMOOTHACT_FN constexpr HardMish() : RampGate(-2, 0) {}
};
inline constexpr Function<HardMish> hard_mish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
