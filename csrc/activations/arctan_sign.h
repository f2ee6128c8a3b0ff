// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/arctan.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ArctanSign : Sign<Arctan, Projective> {
  static constexpr Descriptor descriptor{
      .name = "arctan_sign",
      .module = "ArctanSign",
      .kind = Kind::sign,
      .parameters = {{"g", 1, Domain::positive}},
      .definition = "2 * atan(x / g) / pi",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr explicit ArctanSign(Constant g) : Sign{{Projective(g)}} {}
};
inline constexpr Function<ArctanSign> arctan_sign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
