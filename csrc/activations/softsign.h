// SPDX-License-Identifier: Apache-2.0
#pragma once

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
    const V r = reciprocal(x);
    return r * r;
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const V r = reciprocal(x);
    const V s = -2 * r * r * r;
    return select(x < 0, -s, select(x <= 0, V(0), s));
  }

 private:
  // 1/(1 + |x|), corrected by the rounding error of the sum, which its powers would multiply.
  template <class V>
  static SMOOTHACT_FN V reciprocal(V x) {
    const V a = min(V(math::Format<typename V::scalar>::largest), abs(x));
    const V d = 1 + a, part = d - 1;
    const V error = (1 - (d - part)) + (a - part);
    const V r = 1 / d;
    return fma(-r * error, r, r);
  }
};
inline constexpr Function<Softsign> softsign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
