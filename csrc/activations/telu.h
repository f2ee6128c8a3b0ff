// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/tanh_exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Telu : DerivedGate<TanhExp> {
  static constexpr Descriptor descriptor{
      .name = "telu",
      .module = "TeLU",
      .aliases = {"tanh_exp"},
      .kind = Kind::gate,
      .definition = "x * tanh(exp(x))",
      .source = "Fernandez & Mali 2024, arXiv:2412.20269",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
};
inline constexpr Function<Telu> telu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
