// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/tanh_log_logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Smish : DerivedGate<Stretched<TanhLogLogistic>> {
  static constexpr Descriptor descriptor{
      .name = "smish",
      .module = "Smish",
      .kind = Kind::gate,
      .parameters = {{"a", 1, Domain::positive}, {"b", 1, Domain::positive}},
      .definition = "a * x * tanh(log(1 + 1 / (1 + exp(-b * x))))",
      .source = "Wang, Ren & Wang 2022, Smish: A novel activation function for deep learning methods",
      .limits = {0, infinity},
      .slopes = {0, 0.6},
  };
  SMOOTHACT_FN constexpr Smish(Constant a, Constant b) : Derived{{a, b}} {}
};
inline constexpr Function<Smish> smish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
