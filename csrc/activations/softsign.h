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
    constexpr double largest = math::Format<typename V::scalar>::largest;
    const V finite = clamp(x, -largest, largest);
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
  // 1/(1 + |x|) = r (1 + error): its powers would multiply the error.
  template <class V>
  struct Reciprocal {
    V r, error;
    SMOOTHACT_FN explicit Reciprocal(V x) {
      const auto d = math::two_sum(V(1), min(V(math::Format<typename V::scalar>::largest), abs(x)));
      r = 1 / d.hi;
      error = fma(-d.lo, r, fma(-d.hi, r, V(1)));
    }
  };
};
inline constexpr Function<Softsign> softsign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
