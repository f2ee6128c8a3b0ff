// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived_integral.h"
#include "descriptor.h"
#include "steps/gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of cloglog_step, x + 0.577... + E1(e^x).
struct CloglogIntegral : DerivedIntegral<CLogLog> {
  static constexpr Descriptor descriptor{
      .name = "cloglog_integral",
      .module = "CloglogIntegral",
      .kind = Kind::smooth_relu,
      .definition = "Ein(exp(x))",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.7965995992970532,
  };
};
inline constexpr Function<CloglogIntegral> cloglog_integral{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
