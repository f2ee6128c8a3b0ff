// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsErf : AbsGate<NormalCdf, Linear> {
  static constexpr Descriptor descriptor{
      .name = "abs_erf",
      .module = "AbsErf",
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "x * erf(x / (a * sqrt(2)))",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
  };
  SMOOTHACT_FN constexpr explicit AbsErf(Constant a) : AbsGate{{reciprocal(a)}} {}
};
inline constexpr Function<AbsErf> abs_erf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
