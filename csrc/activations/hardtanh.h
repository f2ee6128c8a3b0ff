// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Hardtanh : Clamp {
  static constexpr Descriptor descriptor{
      .name = "hardtanh",
      .module = "Hardtanh",
      .aliases = {"hard_tanh"},
      .kind = Kind::sign,
      .parameters = {{"min_val", -1}, {"max_val", 1}},
      .ascending = true,
      .definition = "where(x <= min_val, min_val, where(x >= max_val, max_val, x))",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .smoothness = 0,
      .kinks = {-1, 1},
      .right_kinks = {1},
      .inplace = true,
  };
};
inline constexpr Function<Hardtanh> hardtanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
