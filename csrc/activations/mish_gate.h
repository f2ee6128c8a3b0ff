// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/mish_gate.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct MishGateStep : Step<MishGate, Linear> {
  static constexpr Descriptor descriptor{
      .name = "mish_gate",
      .module = "MishGate",
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "tanh(log(1 + exp(a * x)))",
      .source = "Misra 2019, arXiv:1908.08681",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.6,
      .in_double = true,
  };
  SMOOTHACT_FN constexpr explicit MishGateStep(Constant a) : Step{{a}} {}
};
inline constexpr Function<MishGateStep> mish_gate{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
