// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "smooth_abs/log_cosh_ratio.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsLogCoshRatio : DerivedAbs<LogCoshRatio> {
  static constexpr Descriptor descriptor{
      .name = "abs_log_cosh_ratio",
      .module = "AbsLogCoshRatio",
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "a * x * x / log(exp(a * x) + exp(-a * x))",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
  };
  SMOOTHACT_FN constexpr explicit AbsLogCoshRatio(Constant a) : Derived{a} {}
};
inline constexpr Function<AbsLogCoshRatio> abs_log_cosh_ratio{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
