// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct HalfAbsRatio : Gate<Algebraic, Projective> {
  static constexpr Descriptor descriptor{
      .name = "half_abs_ratio",
      .module = "HalfAbsRatio",
      .kind = Kind::gate,
      .parameters = {{"eps", 0.1, Domain::positive}},
      .definition = "(x + x**2 / sqrt(x**2 + eps**2)) / 2",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr explicit HalfAbsRatio(Constant eps) : Gate{{Projective(eps)}} {}
};
inline constexpr Function<HalfAbsRatio> half_abs_ratio{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
