// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Smoothstep {
  static constexpr Descriptor descriptor{
      .name = "smoothstep",
      .module = "Smoothstep",
      .kind = Kind::step,
      .parameters = {{"w", 1, Domain::positive}},
      .definition = "where(x <= -w, 0, where(x >= w, 1, (1 + x / w)**2 * (2 - x / w) / 4))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 1,
  };
  Ramp ramp;
  SMOOTHACT_FN constexpr explicit Smoothstep(math::Constant w) : ramp(-w, w) {}

  // q^2 (3 - 2q) of the ramp q left of 0, mirrored right of it, where 1 - q would be lost.
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Sum<V> q = ramp.mirrored(x);
    const V s = fma(q.hi * q.hi, fma(V(-2), q.hi, V(3)), 6 * q.hi * (1 - q.hi) * q.lo);
    const V left = ramp.bounds.between(x, s);
    return select(x < 0, left, 1 - left);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const V q = ramp.mirrored(x).value();
    return ramp.bounds.between(x, q * (1 - q) * (6 * V(ramp.slope)));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return ramp.bounds.between(x, x * (-12 * V(ramp.slope)) * V(ramp.slope) * V(ramp.slope));
  }
};
inline constexpr Function<Smoothstep> smoothstep{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
