// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// G = e^-y of y = b e^z where y > 1, and 1 - G below: either decays. The second derivative, G y (y - 1), is 0
// where the tails meet, at z = 0 if b = 1: there y - 1 = b (e^z - 1) + b - 1 has no error but a relative one.
template <class Z, class M>
SMOOTHACT_FN auto exponential_tails(const Z& z, const M& below, const Constant& b = 1, const Constant& grown = 0) {
  using W = decltype(z.v);
  const auto y = decaying_exp(Jet<W>{z.v}, grown) * b, g = decaying_exp(-y.value());
  const auto value = select(below, -expm1(-y), g), slope = select(below, y * g.value(), -(g * y.value()));
  const auto excess = [&] { return W(b) * expm1(z.v) + (W(b) - 1); };
  return Decay{compose(
                   z, value.m.v, [&] { return slope.m.v; }, [&] { return -(slope.m.v * excess()); }),
               value.scale};
}

// H(x) = e^-y, y = b e^-x
struct Gompertz {
  Constant b, log_b, grown;
  explicit Gompertz(Constant b) : b(b), log_b(std::log(b.value)), grown(std::max(0.0, log_b.value)) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using V = decltype(leading(x.v));
    const auto z = capped(-x, V(math::Range<decltype(x.v)>::inner_tail) - V(log_b));
    const auto upper = leading(z.v) < -V(log_b);
    return Sided{exponential_tails(z, upper, b, grown), upper};
  }
};

// H(x) = 1 - e^-y, y = e^x: the other tail left of 0.
struct CLogLog {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    const auto z = capped(x, math::Range<decltype(x.v)>::inner_tail);
    return Sided{exponential_tails(z, leading(x.v) < 0), leading(x.v) >= 0};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
