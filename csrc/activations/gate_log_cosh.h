// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct GateLogCosh : DerivedGate<LogCosh> {
  static constexpr Descriptor descriptor{
      .name = "gate_log_cosh",
      .module = "GateLogCosh",
      .kind = Kind::gate,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "x * (1 + a * x / log(exp(a * x) + exp(-a * x))) / 2",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN constexpr explicit GateLogCosh(Constant a) : Derived{a} {}
};
inline constexpr Function<GateLogCosh> gate_log_cosh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
