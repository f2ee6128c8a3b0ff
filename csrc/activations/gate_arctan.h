// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/arctan.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct GateArctan : Gate<Arctan, Projective> {
  static constexpr Descriptor descriptor{
      .name = "gate_arctan",
      .module = "GateArctan",
      .kind = Kind::gate,
      .parameters = {{"g", 1, Domain::positive}},
      .definition = "x * (1 + 2 * atan(x / g) / pi) / 2",
      .limits = {-0.3183098861837907, infinity},
      .slopes = {0, 1},
      .in_double = true,
  };
  SMOOTHACT_FN constexpr explicit GateArctan(Constant g) : Gate{{Projective(g)}} {}
};
inline constexpr Function<GateArctan> gate_arctan{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
