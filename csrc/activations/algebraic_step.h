// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AlgebraicStep : Step<Algebraic, Projective> {
  static constexpr Descriptor descriptor{
      .name = "algebraic_step",
      .module = "AlgebraicStep",
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "(1 + a * x / sqrt(1 + (a * x)**2)) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit AlgebraicStep(Constant a) : Step{{Projective(reciprocal(a), a)}} {}
};
inline constexpr Function<AlgebraicStep> algebraic_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
