// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "smooth_abs/sech_root.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsSech : DerivedAbs<SechRoot> {
  static constexpr Descriptor descriptor{
      .name = "abs_sech",
      .module = "AbsSech",
      .kind = Kind::smooth_abs,
      .parameters = {{"m", 0.1, Domain::positive}},
      .definition = "sqrt(x**2 + m / (exp(x) + exp(-x)))",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .at_zero = 0.22360679774997896,
  };
  SMOOTHACT_FN constexpr explicit AbsSech(Constant m) : Derived{{m}} {}
};
inline constexpr Function<AbsSech> abs_sech{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
