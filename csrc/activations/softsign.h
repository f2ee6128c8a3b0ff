// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/sum.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Softsign {
  static constexpr Descriptor descriptor{
      .name = "softsign",
      .module = "Softsign",
      .aliases = {"soft_sign"},
      .kind = Kind::sign,
      .definition = "x / (1 + abs(x))",
      .source = "Bergstra et al. 2009, Quadratic polynomials learn better image features",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .smoothness = 1,
  };

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V finite = clamp(x, -far<V>, far<V>);
    return finite / (1 + abs(finite));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Reciprocal r(x);
    const V square = r.r * r.r;
    return fma(square, 2 * r.error, square);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Reciprocal r(x);
    const V cube = -2 * r.r * r.r * r.r, s = fma(cube, 3 * r.error, cube);
    return select(x < 0, -s, select(x <= 0, V(0), s));
  }

 private:
  // From here on every power of 1/x is 0, and f is 1. The reciprocal is still a normal number.
  template <class V>
  static constexpr double far = sizeof(typename V::scalar) == 4 ? 0x1p100 : 0x1p1000;

  // 1/(1 + |x|) = r (1 + error): its powers would multiply the error.
  template <class V>
  struct Reciprocal {
    V r, error;
    SMOOTHACT_FN explicit Reciprocal(V x) {
      const auto d = math::two_sum(V(1), min(V(far<V>), abs(x)));
      r = reciprocal(d.hi);
      error = fma(-d.lo, r, fma(-d.hi, r, V(1)));
    }
  };
};
inline constexpr Function<Softsign> softsign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
