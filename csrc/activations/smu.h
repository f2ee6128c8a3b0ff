// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/leaky.h"
#include "descriptor.h"
#include "steps/weighted_erf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Smu : DerivedLeaky<WeightedErf> {
  static constexpr Descriptor descriptor{
      .name = "smu",
      .module = "SMU",
      .kind = Kind::smooth_relu,
      .parameters = {{"alpha", 0.25}, {"mu", 2.5, Domain::positive}},
      .definition = "alpha * x + (1 - alpha) * x * (1 + erf(mu * (1 - alpha) * x)) / 2",
      .source = "Biswas et al. 2021, arXiv:2111.04682",
      .limits = {-infinity, infinity},
      .slopes = {0.25, 1},
  };
  // At alpha = 1 nothing is left of the step, whatever its scale.
  SMOOTHACT_FN constexpr Smu(Constant alpha, Constant mu)
      : Derived{{alpha, WeightedErf(equals(alpha, 1) ? mu : mu * leak_gap(alpha))}} {}
};
inline constexpr Function<Smu> smu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
