// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Gelu : Gate<NormalCdf, Unbounded> {
  static constexpr Descriptor descriptor{
      .name = "gelu",
      .module = "GELU",
      .aliases = {"gelu_python", "gelu_erf"},
      .kind = Kind::gate,
      .definition = "x * (1 + erf(x / sqrt(2))) / 2",
      .source = "Hendrycks & Gimpel 2016, arXiv:1606.08415",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .selector = {"approximate", {{"none", "gelu"}, {"tanh", "gelu_tanh"}, {"sigmoid", "quick_gelu"}}},
  };
};
inline constexpr Function<Gelu> gelu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
