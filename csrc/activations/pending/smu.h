// SPDX-License-Identifier: Apache-2.0
// Not in the list yet. 3.4 ulp in float64 at alpha = -0.75, beside a zero of f.
#pragma once

#include "constructions/leaky.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// x Phi(kx), k = sqrt(2) mu, of y = |1 - alpha| x
struct NormalGate {
  Linear warp;
  Constant width;  // 1/k
  SMOOTHACT_FN constexpr NormalGate(Constant k, Constant gap) : warp(k * gap), width(reciprocal(k)) {}

  template <class V>
  SMOOTHACT_FN LeakyPart<V> value(V x) const {
    const Sum<V> t = -warp.below(x), y = t * math::in_full<V>(width);
    const Sum<V> excess{(-NormalCdf<V, V>::decay(warp.below(x)) * math::in_full<V>(width)).value(), 0};
    const auto near = t.hi < 0.5;
    return {near, select(near, y * (V(0.5) * normal_sign(t)), excess)};
  }
  template <class V>
  SMOOTHACT_FN LeakyPart<V> slope(V x) const {
    const Sum<V> t = -warp.below(x), decay{NormalCdf<V, V>::decay_slope(-t).value(), 0};
    const Sum<V> half_sign{fma(V(0.5), normal_sign(t), (normal_pdf(t) * t).value()), 0};
    const auto near = t.hi < 0.25;
    return {near, select(near, half_sign, -decay)};
  }
  template <class V>
  SMOOTHACT_FN Scaled<V> bend(V x) const {
    const auto p = warp.bend(x);
    return NormalCdf<V, V>::decay_curvature(p.a, p.constant, p.linear);
  }
};

struct Smu : Leaky<NormalGate> {
  static constexpr Descriptor descriptor{
      .name = "smu",
      .module = "SMU",
      .kind = Kind::smooth_relu,
      .parameters = {{"alpha", 0.25}, {"mu", 2.5, Domain::positive}},
      .definition = "alpha * x + (1 - alpha) * x * (1 + erf(mu * (1 - alpha) * x)) / 2",
      .source = "Biswas et al. 2021, arXiv:2111.04682",
      .limits = {-infinity, infinity},
      .slopes = {0.25, 1},
      .in_double = true,
  };
  SMOOTHACT_FN constexpr Smu(Constant alpha, Constant mu) : Leaky({root(Constant(2)) * mu, leak_gap(alpha)}, alpha) {}
};
inline constexpr Function<Smu> smu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
