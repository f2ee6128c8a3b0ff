// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived_integral.h"
#include "descriptor.h"
#include "steps/gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of gompertz_step.
struct GompertzIntegral : DerivedIntegral<Stretched<Gompertz>> {
  static constexpr Descriptor descriptor{
      .name = "gompertz_integral",
      .module = "GompertzIntegral",
      .kind = Kind::smooth_relu,
      .parameters = {{"b", 1, Domain::positive}, {"g", 1, Domain::positive}},
      .definition = "E1(b * exp(-g * x)) / g",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.21938393439552029,
  };
  SMOOTHACT_FN GompertzIntegral(Constant b, Constant g) : Derived{{1, g, Gompertz(b)}} {}
};
inline constexpr Function<GompertzIntegral> gompertz_integral{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
