// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LogCoshSign : DerivedSign<LogCosh> {
  static constexpr Descriptor descriptor{
      .name = "log_cosh_sign",
      .module = "LogCoshSign",
      .kind = Kind::sign,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "a * x / log(exp(a * x) + exp(-a * x))",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr explicit LogCoshSign(Constant a) : Derived{a} {}
};
inline constexpr Function<LogCoshSign> log_cosh_sign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
