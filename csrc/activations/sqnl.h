// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Sqnl {
  static constexpr Descriptor descriptor{
      .name = "sqnl",
      .module = "SQNL",
      .kind = Kind::sign,
      .definition = "where(x <= -2, -1, where(x >= 2, 1, x * (1 - abs(x) / 4)))",
      .source = "Wuraola & Patel 2018, SQNL: a new computationally efficient activation function",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .smoothness = 1,
  };
  Clamp bounds{-2, 2};

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V t = bounds.f(x);
    return t * fma(V(-0.25), abs(t), V(1));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return fma(V(-0.5), abs(bounds.f(x)), V(1));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return bounds.between(x, select(x < 0, V(0.5), select(x > 0, V(-0.5), V(0))));
  }
};
inline constexpr Function<Sqnl> sqnl{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
