// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/tanh_gelu.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Phish : DerivedGate<TanhGelu> {
  static constexpr Descriptor descriptor{
      .name = "phish",
      .module = "Phish",
      .kind = Kind::gate,
      .definition = "x * tanh(x * (1 + erf(x / sqrt(2))) / 2)",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
};
inline constexpr Function<Phish> phish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
