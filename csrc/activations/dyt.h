// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/affine_tanh.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct DynamicTanh : AffineTanh {
  static constexpr Descriptor descriptor{
      .name = "dyt",
      .module = "DyT",
      .aliases = {"dynamic_tanh"},
      .kind = Kind::sign,
      .parameters = {{"alpha", 0.5}, {"gamma", 1}, {"beta", 0}},
      .definition = "gamma * tanh(alpha * x) + beta",
      .source = "Zhu et al. 2025, arXiv:2503.10622",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr DynamicTanh(Constant alpha, Constant gamma, Constant beta)
      : AffineTanh{{{Constant(2) * alpha}}, gamma, beta} {}
};
inline constexpr Function<DynamicTanh> dyt{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
