// SPDX-License-Identifier: Apache-2.0
// Not in the list yet. The tensor form loses digits where s is not 0 (255 ulp), and has no value where gamma is 0.
#pragma once

#include "constructions/warp.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// gamma (2H(z) - 1) + beta, the normal sign of z = kx + c, k = sqrt(2) alpha, c = sqrt(2) s.
struct Derf {
  static constexpr Descriptor descriptor{
      .name = "derf",
      .module = "Derf",
      .kind = Kind::sign,
      .parameters = {{"alpha", 0.5}, {"s", 0}, {"gamma", 1}, {"beta", 0}},
      .definition = "gamma * erf(alpha * x + s) + beta",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  Constant k, c, centre, reach, gamma, beta, top, bottom;
  SMOOTHACT_FN constexpr Derf(Constant alpha, Constant s, Constant gamma, Constant beta)
      : k(alpha * root(Constant(2))),
        c(s * root(Constant(2))),
        centre(c.value < 0 ? -c.value : c.value),
        reach(1 / (k.value < 0 ? -k.value : k.value)),
        gamma(gamma),
        beta(beta),
        top(beta + gamma),
        bottom(beta - gamma) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const NormalCdf<V, Sum<V>> h(z(x));
    const Sum<V> g = select(h.negative, -full<V>(gamma), full<V>(gamma));
    // Far from 0 what counts is the tail, which may be all that beta leaves.
    const Sum<V> limit = select(h.negative, full<V>(bottom), full<V>(top));
    const V far = limit.hi + (limit.lo - (normal_tail(h.t) * (g * V(2))).value());
    const Sum<V> y = g * normal_sign(h.t) + full<V>(beta);
    const V value = select(h.t.hi < 1, y.hi + y.lo, far);
    return select(abs(value) <= 0, copysign(value, x), value);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const NormalCdf<V, Sum<V>> h(z(x));
    return (h.slope() * full<V>(Constant(2) * gamma * k)).value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const NormalCdf<V, Sum<V>> h(z(x));
    return h.curvature(full<V>(Constant(2) * gamma * k * k)).value();
  }

 private:
  template <class V>
  static SMOOTHACT_FN Sum<V> full(const Constant& a) {
    return math::in_full<V>(a);
  }
  template <class V>
  SMOOTHACT_FN Sum<V> z(V x) const {
    const V far = min(V(math::Format<typename V::scalar>::largest), V(reach) * (V(centre) + tail<V>));
    const Sum<V> z = product(k, min(far, max(-far, x))) + full<V>(c);
    const Sum<V> end{copysign(V(tail<V>), z.hi), 0};
    return select(V(tail<V>) < abs(z.hi), end, z);
  }
};
inline constexpr Function<Derf> derf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
