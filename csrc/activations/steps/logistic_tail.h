// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// e/(1 + e), e = exp(-|x|): the logistic step left of 0, and what it lacks of 1 right of it.
template <class X, class M>
SMOOTHACT_FN auto logistic_tail(const X& x, const M& upper) {
  const auto e = decaying_exp(select(upper, -x, x));
  return e / (e.value() + 1);
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
