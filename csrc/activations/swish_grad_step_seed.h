// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/gate_slope.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// z = ax, but xH' without the factor z' = a that the derivative of xH(ax) has.
struct Unscaled : Linear {
  using Linear::Linear;

  template <class V>
  SMOOTHACT_FN auto fold(V x) const {
    const auto p = Linear::fold(x);
    return Folded<V, decltype(p.a), V>{p.a, p.x, p.x};
  }
  template <class V>
  SMOOTHACT_FN auto bend(V x) const {
    const Sum<V> u = below(x);
    return Bent<Sum<V>, Sum<V>, Sum<V>>{u, one_plus(math::in_full<V>(k)), u};
  }
  template <class V>
  SMOOTHACT_FN auto twist(V x) const {
    const Sum<V> slope = math::in_full<V>(k);
    return Twisted<Sum<V>, Sum<V>, Sum<V>>{below(x), slope + V(2), slope};
  }
};

struct SwishGradStepSeed : GateSlope<Logistic, Unscaled> {
  static constexpr Descriptor descriptor{
      .name = "swish_grad_step_seed",
      .module = "SwishGradStepSeed",
      .kind = Kind::step,
      .parameters = {{"a", 3, Domain::positive}},
      .definition = "1 / (1 + exp(-a * x)) + x * exp(-a * x) / (1 + exp(-a * x))**2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
  };
  SMOOTHACT_FN constexpr explicit SwishGradStepSeed(Constant a) : GateSlope{{a}} {}
};
inline constexpr Function<SwishGradStepSeed> swish_grad_step_seed{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
