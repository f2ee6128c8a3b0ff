// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/arctan.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ArctanStep : Step<Arctan, Projective> {
  static constexpr Descriptor descriptor{
      .name = "arctan_step",
      .module = "ArctanStep",
      .kind = Kind::step,
      .parameters = {{"g", 1, Domain::positive}},
      .definition = "(1 + 2 * atan(x / g) / pi) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
  SMOOTHACT_FN constexpr explicit ArctanStep(Constant g) : Step{{Projective(g)}} {}
};
inline constexpr Function<ArctanStep> arctan_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
