// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Silu : Gate<Logistic, Unit> {
  static constexpr Descriptor descriptor{
      .name = "silu",
      .module = "SiLU",
      .aliases = {"swish1"},
      .kind = Kind::gate,
      .definition = "x / (1 + exp(-x))",
      .source = "Elfwing et al. 2018, arXiv:1702.03118",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .inplace = true,
  };
};
inline constexpr Function<Silu> silu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
