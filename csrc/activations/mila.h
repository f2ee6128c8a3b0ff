// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/shifted_mish_gate.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Mila : DerivedGate<ShiftedMishGate> {
  static constexpr Descriptor descriptor{
      .name = "mila",
      .module = "Mila",
      .kind = Kind::gate,
      .parameters = {{"beta", -0.25}},
      .definition = "x * tanh(log(1 + exp(x + beta)))",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr explicit Mila(Constant beta) : Derived{{beta}} {}
};
inline constexpr Function<Mila> mila{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
