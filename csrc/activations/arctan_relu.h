// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/arctan.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ArctanRelu : Integral<Arctan, Projective> {
  static constexpr Descriptor descriptor{
      .name = "arctan_relu",
      .module = "ArctanReLU",
      .kind = Kind::smooth_relu,
      .parameters = {{"g", 1, Domain::positive}},
      .definition = "x / 2 + (x * atan(x / g) - g * log(1 + (x / g)**2) / 2) / pi",
      .limits = {-infinity, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr explicit ArctanRelu(Constant g) : Integral(Projective(g), g) {}
};
inline constexpr Function<ArctanRelu> arctan_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
