// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/logistic_power.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct SigmoidPow : DerivedStep<LogisticPower> {
  static constexpr Descriptor descriptor{
      .name = "sigmoid_pow",
      .module = "SigmoidPow",
      .aliases = {"aria2"},
      .kind = Kind::step,
      .parameters = {{"a", 2, Domain::positive}, {"k", 1, Domain::positive}},
      .definition = "(1 + exp(-k * x))**(-a)",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.25,
  };
  SMOOTHACT_FN SigmoidPow(Constant a, Constant k) : Derived{{a, k}} {}
};
inline constexpr Function<SigmoidPow> sigmoid_pow{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
