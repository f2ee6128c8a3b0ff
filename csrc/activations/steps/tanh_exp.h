// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = tanh(w), w = e^x. With E = e^(-2w) - 1, which is relatively exact where w is small, H = -E/(2 + E) and
// 1 - H = 2 (1 + E)/(2 + E).
struct TanhExp {
  template <class X>
  SMOOTHACT_FN auto sided(X x) const {
    using R = math::Range<decltype(x.v)>;
    const auto upper = x.v > 0;
    const auto u = decaying_exp(capped(x, R::inner_tail - 0.7)) * -2;
    const auto e = expm1(u);
    return Sided{select(upper, decaying_exp(u.value()) * 2, -e) / (e.value() + 2), upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
