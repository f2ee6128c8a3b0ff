// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LogCoshStep : DerivedStep<LogCosh> {
  static constexpr Descriptor descriptor{
      .name = "log_cosh_step",
      .module = "LogCoshStep",
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "(1 + a * x / log(exp(a * x) + exp(-a * x))) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
  SMOOTHACT_FN constexpr explicit LogCoshStep(Constant a) : Derived{a} {}
};
inline constexpr Function<LogCoshStep> log_cosh_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
