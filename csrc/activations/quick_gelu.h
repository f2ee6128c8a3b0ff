// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct QuickGelu : Gate<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "quick_gelu",
      .module = "QuickGELU",
      .aliases = {"gelu_sigmoid"},
      .kind = Kind::gate,
      .definition = "x / (1 + exp(-1.702 * x))",
      .source = "Hendrycks & Gimpel 2016, arXiv:1606.08415",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr QuickGelu() : Gate{{Constant(1.702, 4.263256414560601e-17)}} {}
};
inline constexpr Function<QuickGelu> quick_gelu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
