// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// beta times silu, beta with the digits that single precision has not
struct Eswish : Gate<Logistic, Unit> {
  static constexpr Descriptor descriptor{
      .name = "eswish",
      .module = "ESwish",
      .aliases = {"e_swish"},
      .kind = Kind::gate,
      .parameters = {{"beta", 1.5, Domain::positive}},
      .definition = "beta * x / (1 + exp(-x))",
      .source = "Alcaide 2018, arXiv:1801.07145",
      .limits = {0, infinity},
      .slopes = {0, 1.5},
      .in_double = true,
  };
  Constant beta;
  SMOOTHACT_FN constexpr explicit Eswish(Constant beta) : beta(beta) {}

  template <class Use>
  void specialise(const Use& use) const {
    use(*this);
  }
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const auto p = warp.fold(x);
    const auto lost = product(beta, clamp(x, 0, 64)).lo;
    return warp.unfold(V(beta) * x, scaled(Logistic<V, V>::decay(p.a, p.x)) + -lost);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = warp.fold(x);
    const V s = scaled(Logistic<V, V>::decay_slope(p.a, p.u));
    return select(x < 0, s, V(beta) - s);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = warp.bend(x);
    return scaled(Logistic<V, V>::decay_curvature(p.a, p.constant, p.linear));
  }

 private:
  template <class V>
  SMOOTHACT_FN V scaled(Scaled<V> y) const {
    return (y * math::in_full<V>(beta)).value();
  }
};
inline constexpr Function<Eswish> eswish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
