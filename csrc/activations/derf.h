// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/normal.h"
#include "constructions/derived.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// gamma erf(u) + beta, u = alpha x + s. Far from 0 what counts is gamma erfc|u|, which may be all that beta leaves.
struct AffineErf {
  Constant alpha, s, gamma, beta, top, bottom, slope, curvature, width, shift;
  SMOOTHACT_FN constexpr AffineErf(Constant alpha, Constant s, Constant gamma, Constant beta)
      : alpha(alpha),
        s(s),
        gamma(gamma),
        beta(beta),
        top(beta + gamma),
        bottom(beta - gamma),
        slope(gamma * alpha * math::two_over_root_pi()),
        curvature(Constant(-2) * alpha * slope),
        width(bound(select(magnitude(alpha) <= 0, Constant(1), reciprocal(magnitude(alpha))))),
        shift(bound(s * width)) {}
};

namespace derived {

struct AffineErfOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& p, V x) {
    // A multiple of u, lest one of a subnormal u be a multiple of its last rounding.
    const Raised<W, V> in(within_reach<W>(p, x));
    const W raised = W(in.x) * W(p.alpha) + scaled(W(p.s), 1 / in.down), u = scaled(raised, in.down);
    const auto negative = leading(u) < 0;
    const auto size = capped(Jet<W>{select(negative, -u, u)}, math::Range<W>::root_tail);
    if constexpr (Order == 0) {
      const W tail = (erfc_tail(size) * p.gamma).value().v;
      const W far = select(negative, W(p.bottom) + tail, W(p.top) - tail);
      const W near = scaled(raised * (erf_over(size.v) * W(p.gamma)), in.down) + W(p.beta);
      const V y = narrow(select(leading(size.v) < 0.7, near, far));
      return math::with_sign_of_zero(y, x);
    } else {
      const auto density = decaying_exp(-(size * size));
      if constexpr (Order == 1)
        return part<0>(density * p.slope);
      else
        return part<0>(density * p.curvature * raised) * in.down;
    }
  }
};

}  // namespace derived

struct Derf : Derived<AffineErf, derived::AffineErfOf> {
  static constexpr Descriptor descriptor{
      .name = "derf",
      .module = "Derf",
      .kind = Kind::sign,
      .parameters = {{"alpha", 0.5}, {"s", 0}, {"gamma", 1}, {"beta", 0}},
      .definition = "gamma * erf(alpha * x + s) + beta",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr Derf(Constant alpha, Constant s, Constant gamma, Constant beta)
      : Derived{{alpha, s, gamma, beta}} {}
};
inline constexpr Function<Derf> derf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
