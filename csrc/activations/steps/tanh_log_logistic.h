// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"
#include "logistic_tail.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = tanh(log(1 + s)) = s (s + 2)/(s^2 + 2s + 2), s the logistic step. Right of 0 the distance from 3/5 is, with
// t = 1 - s, 2t (4 - t)/(5 (t^2 - 4t + 5)).
struct TanhLogLogistic {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    const auto upper = leading(x.v) > 0;
    const auto s = logistic_tail(x, upper);
    const auto t = s.value(), square = t * t;
    const auto numerator = select(upper, t * -2 + 8, t + 2);
    const auto denominator = select(upper, (square - t * 4 + 5) * 5, square + t * 2 + 2);
    return Sided{s * (numerator / denominator), upper, W(3) / W(5)};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
