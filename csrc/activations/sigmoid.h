// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Sigmoid : Step<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "sigmoid",
      .module = "Sigmoid",
      .aliases = {"logistic", "expit"},
      .kind = Kind::step,
      .parameters = {{"k", 1}},
      .definition = "1 / (1 + exp(-k * x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
  SMOOTHACT_FN constexpr explicit Sigmoid(Constant k) : Step{{k}} {}
};
inline constexpr Function<Sigmoid> sigmoid{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
