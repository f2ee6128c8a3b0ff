// SPDX-License-Identifier: Apache-2.0
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
  SMOOTHACT_FN Scaled<V> excess(V x) const {
    return -(NormalCdf<V, V>::decay(warp.below(x)) * math::in_full<V>(width));
  }
  template <class V>
  SMOOTHACT_FN Scaled<V> decay(V x) const {
    return NormalCdf<V, V>::decay_slope(warp.below(x));
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
  };
  SMOOTHACT_FN constexpr Smu(Constant alpha, Constant mu) : Leaky({root(Constant(2)) * mu, leak_gap(alpha)}, alpha) {}
};
inline constexpr Function<Smu> smu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
