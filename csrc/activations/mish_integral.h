// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "descriptor.h"
#include "steps/shifted_mish_gate.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of mish_gate.
struct MishIntegral : DerivedIntegral<Stretched<ShiftedMishGate>> {
  static constexpr Descriptor descriptor{
      .name = "mish_integral",
      .module = "MishIntegral",
      .kind = Kind::smooth_relu,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "(log((exp(2 * a * x) + 2 * exp(a * x) + 2) / 2) / 2 + atan(exp(a * x) + 1) - pi / 4) / a",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.7798959203337197,
  };
  SMOOTHACT_FN explicit MishIntegral(Constant a) : Derived{{1, a, {0}}} {}
};
inline constexpr Function<MishIntegral> mish_integral{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
