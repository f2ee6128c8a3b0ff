// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The distribution function of Gumbel's law at b = g = 1.
struct GompertzStep : DerivedStep<Stretched<Gompertz>> {
  static constexpr Descriptor descriptor{
      .name = "gompertz_step",
      .module = "GompertzStep",
      .kind = Kind::step,
      .parameters = {{"b", 1, Domain::positive}, {"g", 1, Domain::positive}},
      .definition = "exp(-b * exp(-g * x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.36787944117144233,
  };
  SMOOTHACT_FN GompertzStep(Constant b, Constant g) : Derived{{1, g, Gompertz(b)}} {}
};
inline constexpr Function<GompertzStep> gompertz_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
