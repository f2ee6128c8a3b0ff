// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/general_normal.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of gennorm_cdf, and the mean of max(0, x + noise) where the noise has this law.
struct GennormRelu : Wide<GeneralNormalIntegral> {
  static constexpr Descriptor descriptor{
      .name = "gennorm_relu",
      .module = "GennormReLU",
      .kind = Kind::smooth_relu,
      .parameters = {{"a", 1, Domain::positive}, {"b", 3, Domain::exponent}},
      .definition =
          "x * (1 + x / a * gammastar(1 / b, abs(x / a)**b)) / 2 + a * gamma(2 / b) / (2 * gamma(1 / b))"
          " * (1 - (x / a)**2 * gammastar(2 / b, abs(x / a)**b))",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.2527340440780446,
      .smoothness = 4,
  };
  SMOOTHACT_FN GennormRelu(Constant a, Constant b) : Derived{{a, b}} {}
};
inline constexpr Function<GennormRelu> gennorm_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
