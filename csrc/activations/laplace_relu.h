// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/laplace.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LaplaceRelu : Integral<Laplace, Linear> {
  static constexpr Descriptor descriptor{
      .name = "laplace_relu",
      .module = "LaplaceReLU",
      .kind = Kind::smooth_relu,
      .parameters = {{"b", 1, Domain::positive}},
      .definition = "where(x > 0, x + b * exp(-x / b) / 2, b * exp(x / b) / 2)",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.5,
      .smoothness = 2,
  };
  SMOOTHACT_FN constexpr explicit LaplaceRelu(Constant b) : Integral(reciprocal(b)) { width = b; }

  template <class Use>
  void specialise(const Use& use) const {
    if (equals(width, 1)) return use(Integral<Laplace, Unit>());
    use(*this);
  }
};
inline constexpr Function<LaplaceRelu> laplace_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
