// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived_integral.h"

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
  // The integral, log(1 + w + w^2/2)/2 + atan(w/(2 + w)) of w = e left of 0: two of one sign on either side.
  template <class W>
  SMOOTHACT_FN auto integral(const Jet<W>& x) const {
    const auto z = x + shift;
    const auto upper = leading(z.v) > 0;
    const auto e = decaying_exp(select(upper, -z, z));
    const auto w = e.value();
    const auto log = log1p(e * select(upper, w * 2 + 2, w * 0.5 + 1)) * 0.5;
    const auto arc = atan_unit(e / select(upper, w + 1, w + 2));
    const Constant offset = Constant(0.43882457311747564, 1.902093590945233e-17) + shift;  // pi/4 - log(2)/2
    return SidedIntegral{select(upper, (log + -arc).value() + offset, log + arc), upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
