// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "descriptor.h"
#include "gelu.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The clip of gelu to [-10, 10] by which transformers quantises; the lower bound is never reached.
struct Gelu10 {
  static constexpr Descriptor descriptor{
      .name = "gelu_10",
      .module = "GELU10",
      .kind = Kind::gate,
      .definition = "min(10, max(-10, x * (1 + erf(x / sqrt(2))) / 2))",
      .limits = {0, 10},
      .slopes = {0, 0},
      .smoothness = 0,
      .kinks = {10},
  };
  Gelu gelu;
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return min(V(10), gelu.f(x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x > 10, V(0), gelu.df(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(x > 10, V(0), gelu.d2f(x));
  }
};
inline constexpr Function<Gelu10> gelu_10{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
