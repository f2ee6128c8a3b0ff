// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// tanh(kx) = 2 sigmoid(2kx) - 1
struct Tanh : Sign<Logistic, Linear> {
  static constexpr Descriptor descriptor{
      .name = "tanh",
      .module = "Tanh",
      .kind = Kind::sign,
      .parameters = {{"k", 1}},
      .definition = "tanh(k * x)",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr explicit Tanh(Constant k) : Sign{{Constant(2) * k}} {}
};
inline constexpr Function<Tanh> tanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
