// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/projective.h"
#include "descriptor.h"
#include "steps/algebraic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The algebraic sign z/sqrt(1 + z^2) of z = x sqrt(alpha), as wide as it is high.
struct Isru {
  static constexpr Descriptor descriptor{
      .name = "isru",
      .module = "ISRU",
      .kind = Kind::sign,
      .parameters = {{"alpha", 1, Domain::positive}},
      .definition = "x / sqrt(1 + alpha * x**2)",
      .source = "Carlile et al. 2017, arXiv:1710.09967",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .all_digits = true,
  };
  Projective warp;
  SMOOTHACT_FN constexpr explicit Isru(Constant alpha) : warp(reciprocal(root(alpha)), root(alpha)) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const auto h = step(x);
    return h.p.odd(h.p.length * h.inverse);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto h = step(x);
    const Sum<V> r = h.w * h.inverse, y = r * r * r;
    return y.hi + y.lo;
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto h = step(x);
    const Sum<V> r = h.w * h.inverse, y = h.p.rate * (r * r * r) * (h.inverse * h.inverse) * V(3);
    const V size = h.p.lowered(h.p.lifted_size() * y);
    return select(x < 0, size, -size);
  }

 private:
  template <class V>
  SMOOTHACT_FN Algebraic<V, Projection<V>> step(V x) const {
    return Algebraic<V, Projection<V>>(warp(x).z);
  }
};
inline constexpr Function<Isru> isru{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
