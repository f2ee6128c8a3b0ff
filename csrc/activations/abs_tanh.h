// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsTanh : AbsGate<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "abs_tanh",
      .module = "AbsTanh",
      .aliases = {"lisht"},
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "x * tanh(a * x)",
      .source = "Roy et al. 2019, arXiv:1901.05894",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit AbsTanh(Constant a) : AbsGate{{Constant(2) * a}} {}
};
inline constexpr Function<AbsTanh> abs_tanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
