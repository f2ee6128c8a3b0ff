// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsSqrt : AbsIntegral<Algebraic, Projective> {
  static constexpr Descriptor descriptor{
      .name = "abs_sqrt",
      .module = "AbsSqrt",
      .aliases = {"charbonnier"},
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 0.1, Domain::positive}},
      .definition = "sqrt(x**2 + a)",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .at_zero = 0.31622776601683794,
  };
  SMOOTHACT_FN constexpr explicit AbsSqrt(Constant a) : AbsIntegral(Projective(root(a)), root(a)) {}
};
inline constexpr Function<AbsSqrt> abs_sqrt{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
