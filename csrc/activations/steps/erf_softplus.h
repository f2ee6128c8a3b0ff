// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/normal.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = erf(p), p = log(1 + e^x), which right of 0 is x + log(1 + e^-x); there 1 - H = erfc(p).
struct ErfSoftplus {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    const auto upper = leading(x.v) > 0;
    const auto l = log1p(decaying_exp(select(upper, -x, x)));
    const auto p = capped(x + l.value(), math::Range<W>::root_tail);
    return Sided{select(upper, erfc_tail(p), erf_unit(l)), upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
