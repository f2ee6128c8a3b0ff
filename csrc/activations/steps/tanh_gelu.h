// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/normal.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = tanh(g), g = x Phi(x), which is x - |x| Q right of 0, Q = Phi(-|x|): near 0, 1/2 less an odd part. Where H is
// nearer to 1 than to 0, the distance is 2/(1 + e^(2g)).
struct TanhGelu {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using R = math::Range<decltype(x.v)>;
    const auto positive = leading(x.v) > 0, upper = leading(x.v) > 0.7;
    const auto z = capped(select(positive, x, -x) * math::root_half(), R::root_tail);
    const auto q = select(leading(z.v) < 0.7, 1 - erf_unit(z), erfc_tail(z)) * 0.5;
    const auto missing = q * select(positive, x, -x), g = select(positive, x - missing.value(), -missing);
    const auto e = decaying_exp(capped(g.value(), R::tail / 2) * -2);
    return Sided{select(upper, e * 2 / (e.value() + 1), tanh(g)), upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
