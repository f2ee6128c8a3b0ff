// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct HardSigmoid : Ramp {
  static constexpr Descriptor descriptor{
      .name = "hard_sigmoid",
      .module = "HardSigmoid",
      .kind = Kind::step,
      .parameters = {{"w", 3, Domain::positive}},
      .definition = "where(x <= -w, 0, where(x >= w, 1, (x + w) / (2 * w)))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 0,
      .kinks = {-3, 3},
      .right_kinks = {3},
  };
  SMOOTHACT_FN constexpr explicit HardSigmoid(math::Constant w) : Ramp(-w, w) {}
};
inline constexpr Function<HardSigmoid> hard_sigmoid{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
