// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Swish : Gate<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "swish",
      .module = "Swish",
      .kind = Kind::gate,
      .parameters = {{"beta", 1}},
      .definition = "x / (1 + exp(-beta * x))",
      .source = "Ramachandran et al. 2017, arXiv:1710.05941",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr explicit Swish(Constant beta) : Gate{{beta}} {}
};
inline constexpr Function<Swish> swish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
