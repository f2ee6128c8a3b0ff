// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Smelu : RampIntegral {
  static constexpr Descriptor descriptor{
      .name = "smelu",
      .module = "SmeLU",
      .aliases = {"sparse_plus"},
      .kind = Kind::smooth_relu,
      .parameters = {{"beta", 1, Domain::positive}},
      .definition = "where(x <= -beta, 0, where(x >= beta, x, (x + beta)**2 / (4 * beta)))",
      .source = "Shamir & Lin 2022, arXiv:2202.06499",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.25,
      .smoothness = 1,
  };
  SMOOTHACT_FN constexpr explicit Smelu(math::Constant beta) : RampIntegral(beta) {}
};
inline constexpr Function<Smelu> smelu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
