// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/laplace.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LaplaceCdf : Step<Laplace, Linear> {
  static constexpr Descriptor descriptor{
      .name = "laplace_cdf",
      .module = "LaplaceCDF",
      .kind = Kind::step,
      .parameters = {{"b", 1, Domain::positive}},
      .definition = "where(x > 0, 1 - exp(-x / b) / 2, exp(x / b) / 2)",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 1,
  };
  SMOOTHACT_FN constexpr explicit LaplaceCdf(double b) : Step{{math::reciprocal(b)}} {}
};
inline constexpr Function<LaplaceCdf> laplace_cdf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
