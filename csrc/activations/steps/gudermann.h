// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = (2/pi) atan e^x; 2H - 1 = (4/pi) atan tanh(x/2), at x <= 0.
struct Gudermann {
  template <class X>
  SMOOTHACT_FN auto even(const X& x) const {
    const auto near = -0.5 < leading(x.v);
    const auto y = atan_unit(select(near, tanh(x * 0.5), decaying_exp(x)));
    return Even{y * Constant(0.6366197723675814, -3.935735335036497e-17), near};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
