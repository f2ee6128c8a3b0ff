// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "smooth_abs/root.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct BentIdentity : HalfAbs<RootAbs> {
  static constexpr Descriptor descriptor{
      .name = "bent_identity",
      .module = "BentIdentity",
      .kind = Kind::smooth_relu,
      .definition = "x + (sqrt(x**2 + 1) - 1) / 2",
      .limits = {-infinity, infinity},
      .slopes = {0.5, 1.5},
  };
  SMOOTHACT_FN constexpr BentIdentity() : HalfAbs{RootAbs(1)} {}

  // (x - 1)/2 + squareplus(x), but near 0, where that cancels. The least term comes last: half precision has ties.
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V t = math::clamp(x, -1, 1), near = t + t * (t / (2 * sqrt(fma(t, t, V(1))) + 2));
    const V line = max(V(0), x) + V(0.5) * (x - 1);
    return select(abs(x) < 1, copysign(near, x), line + smooth_abs.half_excess(x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return V(0.5) + HalfAbs::df(x);
  }
};
inline constexpr Function<BentIdentity> bent_identity{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
