// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/normal.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// x erf(cx), which is |x| - |x| erfc(c|x|).
struct WeightedErf {
  Constant c, width;
  SMOOTHACT_FN constexpr explicit WeightedErf(Constant c) : c(c), width(bound(reciprocal(c))) {}

  template <class X>
  SMOOTHACT_FN auto even(const X& x) const {
    const auto u = capped(-x * c, math::Range<decltype(x.v)>::root_tail);
    const auto near = leading(u.v) < 0.7;
    return Even{select(near, -(x * erf_unit(u)), erfc_tail(u) * x), near};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
