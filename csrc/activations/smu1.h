// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/leaky.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// (y + sqrt(y^2 + mu^2))/2 of y = |1 - alpha| x. Where the factor is 0, so is every x beside the width.
struct AlgebraicIntegral {
  Projective warp;
  Constant mu;
  SMOOTHACT_FN constexpr AlgebraicIntegral(Constant mu, Constant gap)
      : warp(select(mu < gap * Constant(1e30), mu * reciprocal(gap), Constant(1e30))), mu(mu) {}

  template <class V>
  SMOOTHACT_FN LeakyPart<V> value(V x) const {
    const auto h = step(x);
    const auto near = h.v.hi < 0.5;
    return {near, math::in_full<V>(mu) * select(near, h.root * V(0.5), h.defect())};
  }
  template <class V>
  SMOOTHACT_FN LeakyPart<V> slope(V x) const {
    const auto h = step(x);
    const Sum<V> half_scale = math::in_full<V>(warp.scale) * V(0.5);
    return {h.p.near, select(h.p.near, h.p.length * half_scale * h.inverse, -h.tail())};
  }
  template <class V>
  SMOOTHACT_FN Scaled<V> bend(V x) const {
    const auto h = step(x);
    return h.slope() * h.p.rate;
  }

 private:
  template <class V>
  SMOOTHACT_FN Algebraic<V, Projection<V>> step(V x) const {
    return Algebraic<V, Projection<V>>(warp(x).z);
  }
};

struct Smu1 : Leaky<AlgebraicIntegral> {
  static constexpr Descriptor descriptor{
      .name = "smu1",
      .module = "SMU1",
      .kind = Kind::smooth_relu,
      .parameters = {{"alpha", 0.25}, {"mu", 1, Domain::positive}},
      .definition = "((1 + alpha) * x + sqrt(((1 - alpha) * x)**2 + mu**2)) / 2",
      .source = "Biswas et al. 2021, arXiv:2111.04682",
      .limits = {-infinity, infinity},
      .slopes = {0.25, 1},
      .at_zero = 0.5,
      .in_double = true,
  };
  SMOOTHACT_FN constexpr Smu1(Constant alpha, Constant mu) : Leaky({mu, leak_gap(alpha)}, alpha) {}
};
inline constexpr Function<Smu1> smu1{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
