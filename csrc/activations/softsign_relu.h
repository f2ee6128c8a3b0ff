// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/softsign.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct SoftsignRelu : Integral<SoftsignCdf, Projective> {
  static constexpr Descriptor descriptor{
      .name = "softsign_relu",
      .module = "SoftsignReLU",
      .kind = Kind::smooth_relu,
      .parameters = {{"k", 1, Domain::positive}},
      .definition = "where(x > 0, x - log(1 + k * max(x, 0)) / (2 * k), -log(1 - k * min(x, 0)) / (2 * k))",
      .limits = {-infinity, infinity},
      .slopes = {0, 1},
      .smoothness = 2,
  };
  SMOOTHACT_FN constexpr explicit SoftsignRelu(Constant k) : Integral(Projective(reciprocal(k), k), reciprocal(k)) {}
};
inline constexpr Function<SoftsignRelu> softsign_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
