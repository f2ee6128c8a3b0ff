// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"
#include "logistic_tail.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = log(1 + s), s the logistic step; right of 0 the distance from log 2 is -log(1 - (1 - s)/2).
struct LogLogistic {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    const auto upper = leading(x.v) > 0;
    const auto s = logistic_tail(x, upper), l = log1p(select(upper, s * -0.5, s));
    return Sided{select(upper, -l, l), upper, W(Constant(0.6931471805599453, 2.3190468138462996e-17))};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
