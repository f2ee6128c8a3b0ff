// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "smooth_abs/sech_root.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct HalfAbsSech : DerivedHalfAbs<SechRoot> {
  static constexpr Descriptor descriptor{
      .name = "half_abs_sech",
      .module = "HalfAbsSech",
      .kind = Kind::smooth_relu,
      .parameters = {{"m", 0.1, Domain::positive}},
      .definition = "(x + sqrt(x**2 + m / (exp(x) + exp(-x)))) / 2",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.11180339887498948,
  };
  SMOOTHACT_FN constexpr explicit HalfAbsSech(Constant m) : Derived{{m}} {}
};
inline constexpr Function<HalfAbsSech> half_abs_sech{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
