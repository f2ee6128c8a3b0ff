// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsRatio : AbsGate<Algebraic, Projective> {
  static constexpr Descriptor descriptor{
      .name = "abs_ratio",
      .module = "AbsRatio",
      .kind = Kind::smooth_abs,
      .parameters = {{"eps", 0.1, Domain::positive}},
      .definition = "x**2 / sqrt(x**2 + eps**2)",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .in_double = true,
  };
  SMOOTHACT_FN constexpr explicit AbsRatio(Constant eps) : AbsGate{{Projective(eps)}} {}
};
inline constexpr Function<AbsRatio> abs_ratio{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
