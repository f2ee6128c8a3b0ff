// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/log_logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Logish : DerivedGate<Stretched<LogLogistic>> {
  static constexpr Descriptor descriptor{
      .name = "logish",
      .module = "Logish",
      .kind = Kind::gate,
      .parameters = {{"a", 1, Domain::positive}, {"b", 1, Domain::positive}},
      .definition = "a * x * log(1 + 1 / (1 + exp(-b * x)))",
      .limits = {0, infinity},
      .slopes = {0, 0.6931471805599453},
  };
  SMOOTHACT_FN constexpr Logish(Constant a, Constant b) : Derived{{a, b}} {}
};
inline constexpr Function<Logish> logish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
