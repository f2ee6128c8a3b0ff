// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/softsign.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct SoftsignStep : Step<SoftsignCdf, Projective> {
  static constexpr Descriptor descriptor{
      .name = "softsign_step",
      .module = "SoftsignStep",
      .kind = Kind::step,
      .parameters = {{"k", 1, Domain::positive}},
      .definition = "(1 + k * x / (1 + k * abs(x))) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 1,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit SoftsignStep(Constant k) : Step{{Projective(reciprocal(k), k)}} {}
};
inline constexpr Function<SoftsignStep> softsign_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
