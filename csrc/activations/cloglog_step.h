// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct CloglogStep : DerivedStep<CLogLog> {
  static constexpr Descriptor descriptor{
      .name = "cloglog_step",
      .module = "CloglogStep",
      .aliases = {"complementary_log_log"},
      .kind = Kind::step,
      .definition = "1 - exp(-exp(x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.6321205588285577,
  };
};
inline constexpr Function<CloglogStep> cloglog_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
