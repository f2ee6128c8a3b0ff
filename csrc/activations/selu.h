// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/exponential_linear.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Selu : ExponentialLinear {
  static constexpr Descriptor descriptor{
      .name = "selu",
      .module = "SELU",
      .kind = Kind::piecewise,
      .definition =
          "1.0507009873554804934193349852946"
          " * where(x > 0, x, 1.6732632423543772848170429916717 * (exp(x) - 1))",
      .source = "Klambauer et al. 2017, arXiv:1706.02515",
      .limits = {-1.7580993408473768, infinity},
      .slopes = {0, 1.0507009873554805},
      .smoothness = 0,
      .kinks = {0},
      .inplace = true,
  };
  SMOOTHACT_FN constexpr Selu()
      : ExponentialLinear{{1.7580993408473768, 1.41535193800845e-17}, {1.0507009873554805, 3.9874847667154144e-17}} {}
};
inline constexpr Function<Selu> selu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
