// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/tanh_exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct TanhExpStep : DerivedStep<TanhExp> {
  static constexpr Descriptor descriptor{
      .name = "tanh_exp_step",
      .module = "TanhExpStep",
      .kind = Kind::step,
      .definition = "tanh(exp(x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.7615941559557649,
  };
};
inline constexpr Function<TanhExpStep> tanh_exp_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
