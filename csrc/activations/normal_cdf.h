// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct NormalCdfStep : Step<NormalCdf, Linear> {
  static constexpr Descriptor descriptor{
      .name = "normal_cdf",
      .module = "NormalCDF",
      .aliases = {"ndtr", "probit"},
      .kind = Kind::step,
      .parameters = {{"s", 1, Domain::positive}},
      .definition = "(1 + erf(x / (s * sqrt(2)))) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
  SMOOTHACT_FN constexpr explicit NormalCdfStep(Constant s) : Step{{reciprocal(s)}} {}
};
inline constexpr Function<NormalCdfStep> normal_cdf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
