// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"
#include "gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = log(1 + c), c = 1 - e^-y, y = e^x; right of 0 the distance from log 2 is -log(1 - e^-y/2).
struct LogCLogLog {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    const auto upper = leading(x.v) >= 0;
    const auto z = capped(x, math::Range<W>::inner_tail);
    const auto tail = exponential_tails(z, leading(x.v) < 0), l = log1p(select(upper, tail * -0.5, tail));
    return Sided{select(upper, -l, l), upper, W(Constant(0.6931471805599453, 2.3190468138462996e-17))};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
