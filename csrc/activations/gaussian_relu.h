// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of the normal step, and the mean of max(0, x + noise) where the noise has the deviation s.
struct GaussianRelu : Integral<NormalCdf, Linear> {
  static constexpr Descriptor descriptor{
      .name = "gaussian_relu",
      .module = "GaussianReLU",
      .kind = Kind::smooth_relu,
      .parameters = {{"s", 1, Domain::positive}},
      .definition = "x * (1 + erf(x / (s * sqrt(2)))) / 2 + s * exp(-(x / s)**2 / 2) / sqrt(2 * pi)",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.3989422804014327,
      .in_double = true,
  };
  SMOOTHACT_FN constexpr explicit GaussianRelu(Constant s) : Integral(reciprocal(s), s) {}
};
inline constexpr Function<GaussianRelu> gaussian_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
