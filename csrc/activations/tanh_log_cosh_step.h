// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct TanhLogCoshStep : DerivedStep<TanhLogCosh> {
  static constexpr Descriptor descriptor{
      .name = "tanh_log_cosh_step",
      .module = "TanhLogCoshStep",
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "a * x / log(exp(a * x) + exp(-a * x)) / (1 + exp(-2 * a * x))",
      .limits = {0, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr explicit TanhLogCoshStep(Constant a) : Derived{a} {}
};
inline constexpr Function<TanhLogCoshStep> tanh_log_cosh_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
