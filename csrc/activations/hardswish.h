// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Hardswish : RampGate {
  static constexpr Descriptor descriptor{
      .name = "hardswish",
      .module = "Hardswish",
      .aliases = {"hard_swish", "hard_silu"},
      .kind = Kind::gate,
      .definition = "x * where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6))",
      .source = "Howard et al. 2019, arXiv:1905.02244",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 0,
      .kinks = {-3, 3},
      .right_kinks = {3},
      .inplace = true,
  };
  SMOOTHACT_FN constexpr Hardswish() : RampGate(-3, 3) {}
};
inline constexpr Function<Hardswish> hardswish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
