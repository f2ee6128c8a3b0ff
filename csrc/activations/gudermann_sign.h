// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/gudermann.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct GudermannSign : DerivedSign<Gudermann> {
  static constexpr Descriptor descriptor{
      .name = "gudermann_sign",
      .module = "GudermannSign",
      .kind = Kind::sign,
      .definition = "4 / pi * atan(tanh(x / 2))",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
};
inline constexpr Function<GudermannSign> gudermann_sign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
