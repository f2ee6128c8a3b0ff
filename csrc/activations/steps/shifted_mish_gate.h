// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = tanh(softplus(x + shift)) as a rational function of e = exp(-|x + shift|), as in mish_gate.h.
struct ShiftedMishGate {
  Constant shift;

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    const auto z = x + shift;
    const auto upper = leading(z.v) > 0;
    const auto e = decaying_exp(select(upper, -z, z));
    const auto w = e.value(), square = w * w;
    return Sided{e * (select(upper, w, w + 2) / select(upper, square + w + 0.5, square + w * 2 + 2)), upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
