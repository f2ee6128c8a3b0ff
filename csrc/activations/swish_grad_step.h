// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/gate_slope.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The derivative of swish.
struct SwishGradStep : GateSlope<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "swish_grad_step",
      .module = "SwishGradStep",
      .aliases = {"dsilu"},
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "1 / (1 + exp(-a * x)) + a * x * exp(-a * x) / (1 + exp(-a * x))**2",
      .source = "Elfwing et al. 2018, arXiv:1702.03118",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit SwishGradStep(Constant a) : GateSlope{{a}} {}
};
inline constexpr Function<SwishGradStep> swish_grad_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
