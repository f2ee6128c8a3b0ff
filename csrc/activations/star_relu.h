// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/sum.h"
#include "descriptor.h"
#include "relu.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct StarRelu {
  static constexpr Descriptor descriptor{
      .name = "star_relu",
      .module = "StarReLU",
      .kind = Kind::piecewise,
      .parameters = {{"s", 0.8944}, {"b", -0.4472}},
      .definition = "where(x > 0, s * x**2 + b, b)",
      .source = "Yu et al. 2022, arXiv:2210.13452",
      .limits = {-0.4472, infinity},
      .slopes = {0, infinity},
      .at_zero = -0.4472,
      .smoothness = 1,
  };
  math::Constant s, b, reach;  // a scale of 0 must not meet an infinity
  SMOOTHACT_FN constexpr StarRelu(math::Constant s, math::Constant b)
      : s(s), b(b), reach(equals(s, 0) ? 0 : infinity) {}

  // b is of the other sign: what sx has lost counts, while b does.
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V y = positive(x), near = min(V(0x1p40), y);
    return fma(V(s) * y, y, fma(math::product(s, near).lo, near, V(b)));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return 2 * V(s) * positive(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return 2 * V(s) * Relu{}.df(x);
  }

 private:
  template <class V>
  SMOOTHACT_FN V positive(V x) const {
    return min(V(reach), Relu{}.f(x));
  }
};
inline constexpr Function<StarRelu> star_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
