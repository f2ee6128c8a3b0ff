// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/exponential_linear.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Elu : ExponentialLinear {
  static constexpr Descriptor descriptor{
      .name = "elu",
      .module = "ELU",
      .kind = Kind::piecewise,
      .parameters = {{"alpha", 1}},
      .definition = "where(x > 0, x, alpha * (exp(x) - 1))",
      .source = "Clevert et al. 2015, arXiv:1511.07289",
      .limits = {-1, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
      .inplace = true,
  };
  SMOOTHACT_FN constexpr explicit Elu(math::Constant alpha) : ExponentialLinear{alpha, 1} {}
};
inline constexpr Function<Elu> elu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
