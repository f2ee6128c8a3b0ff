// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/exponential_linear.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Celu : SmoothExponentialLinear {
  static constexpr Descriptor descriptor{
      .name = "celu",
      .module = "CELU",
      .kind = Kind::piecewise,
      .parameters = {{"alpha", 1, Domain::positive}},
      .definition = "where(x > 0, x, alpha * (exp(x / alpha) - 1))",
      .source = "Barron 2017, arXiv:1704.07483",
      .limits = {-1, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
      .inplace = true,
  };
  SMOOTHACT_FN constexpr explicit Celu(Constant alpha) : SmoothExponentialLinear(alpha, alpha) {}
};
inline constexpr Function<Celu> celu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
