// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/gudermann.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct GudermannStep : DerivedStep<Gudermann> {
  static constexpr Descriptor descriptor{
      .name = "gudermann_step",
      .module = "GudermannStep",
      .kind = Kind::step,
      .definition = "2 / pi * atan(exp(x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
};
inline constexpr Function<GudermannStep> gudermann_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
