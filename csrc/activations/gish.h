// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_cloglog.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Gish : DerivedGate<LogCLogLog> {
  static constexpr Descriptor descriptor{
      .name = "gish",
      .module = "Gish",
      .kind = Kind::gate,
      .definition = "x * log(2 - exp(-exp(x)))",
      .limits = {0, infinity},
      .slopes = {0, 0.6931471805599453},
  };
};
inline constexpr Function<Gish> gish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
