// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct GateAlgebraic : Gate<Algebraic, Projective> {
  static constexpr Descriptor descriptor{
      .name = "gate_algebraic",
      .module = "GateAlgebraic",
      .kind = Kind::gate,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "x * (1 + a * x / sqrt(1 + (a * x)**2)) / 2",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit GateAlgebraic(Constant a) : Gate{{Projective(reciprocal(a), a)}} {}
};
inline constexpr Function<GateAlgebraic> gate_algebraic{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
