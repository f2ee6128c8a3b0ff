// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/mish_gate.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Mish : Gate<MishGate, Unit> {
  static constexpr Descriptor descriptor{
      .name = "mish",
      .module = "Mish",
      .kind = Kind::gate,
      .definition = "x * tanh(log(1 + exp(x)))",
      .source = "Misra 2019, arXiv:1908.08681",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .inplace = true,
  };
};
inline constexpr Function<Mish> mish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
