// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/parameter.h"
#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// z = x - c with its rounding error, on tensors too: exp multiplies it by |z|, and f'' has a zero where z has.
struct Shifted {
  Constant c;

  template <class V>
  SMOOTHACT_FN Argument<V, Sum<V>, V> operator()(V x) const {
    const V near = min(V(c) + tail<V>, max(V(c) - tail<V>, x));
    const V z = near - V(c), part = z - near, lost = (near - (z - part)) - (V(c) + part);
    return {{z, lost - V(c.trailing<typename V::scalar>())}, 1};
  }
};

// The logistic step moved by log b.
struct ShiftedSigmoid : Step<Logistic, Shifted> {
  static constexpr Descriptor descriptor{
      .name = "shifted_sigmoid",
      .module = "ShiftedSigmoid",
      .kind = Kind::step,
      .parameters = {{"b", 2, Domain::positive}},
      .definition = "1 / (1 + b * exp(-x))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.3333333333333333,
  };
  SMOOTHACT_FN explicit ShiftedSigmoid(Constant b) : Step{{{logarithm(b)}}} {}
};
inline constexpr Function<ShiftedSigmoid> shifted_sigmoid{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
