// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "smooth_abs/root.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Squareplus : HalfAbs<RootAbs> {
  static constexpr Descriptor descriptor{
      .name = "squareplus",
      .module = "Squareplus",
      .kind = Kind::smooth_relu,
      .parameters = {{"b", 4, Domain::nonnegative}},
      .definition = "(x + sqrt(x**2 + b)) / 2",
      .source = "Barron 2021, arXiv:2112.11687",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 1,
  };
  SMOOTHACT_FN constexpr explicit Squareplus(Constant b) : HalfAbs{RootAbs(b)} {}
};
inline constexpr Function<Squareplus> squareplus{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
