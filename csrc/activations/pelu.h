// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/exponential_linear.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Pelu : SmoothExponentialLinear {
  static constexpr Descriptor descriptor{
      .name = "pelu",
      .module = "PELU",
      .kind = Kind::piecewise,
      .parameters = {{"a", 1, Domain::positive}, {"b", 1, Domain::positive}},
      .definition = "where(x > 0, a / b * x, a * (exp(x / b) - 1))",
      .source = "Trottier et al. 2016, arXiv:1605.09332",
      .limits = {-1, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
  };
  SMOOTHACT_FN constexpr Pelu(Constant a, Constant b) : SmoothExponentialLinear(a, b) {}
};
inline constexpr Function<Pelu> pelu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
