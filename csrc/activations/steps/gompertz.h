// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/expint.h"
#include "../../math/parameter.h"
#include "../constructions/derived_integral.h"

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

// H(x) = e^-y, y = b e^-x. Its integral is E1(y) = x + Ein(y) - log b - gamma, which does not cancel for y < 1.
struct Gompertz {
  Constant b, log_b, grown;
  SMOOTHACT_FN explicit Gompertz(Constant b)
      : b(b), log_b(logarithm(b)), grown(bound(select(log_b < 0, Constant(0), log_b))) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    const auto z = argument(x);
    const auto upper = below_one(z);
    return Sided{exponential_tails(z, upper, b, grown), upper};
  }
  template <class W>
  SMOOTHACT_FN auto integral(const Jet<W>& x) const {
    const auto z = argument(x);
    const auto upper = below_one(z);
    const auto y = (decaying_exp(z, grown) * b).value();
    const W rest = y.v * ein_ratio(y.v) - (W(log_b) + W(math::euler_gamma()));
    return SidedIntegral{select(upper, Jet<W>{rest}, decaying_exp(-y) * scaled_e1(y.v)), upper};
  }

 private:
  template <class X>
  SMOOTHACT_FN auto argument(const X& x) const {
    using V = decltype(leading(x.v));
    return capped(-x, V(math::Range<decltype(x.v)>::inner_tail) - V(log_b));
  }
  template <class Z>
  SMOOTHACT_FN auto below_one(const Z& z) const {
    return leading(z.v) < -decltype(leading(z.v))(log_b);
  }
};

// H(x) = 1 - e^-y, y = e^x: the other tail left of 0. Its integral is Ein(y) = x + gamma + E1(y).
struct CLogLog {
  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    const auto z = argument(x);
    return Sided{exponential_tails(z, leading(x.v) < 0), leading(x.v) >= 0};
  }
  template <class W>
  SMOOTHACT_FN auto integral(const Jet<W>& x) const {
    const auto y = decaying_exp(argument(x));
    const W v = y.value().v;
    const auto upper = leading(x.v) >= 0;
    const auto right = (decaying_exp(-y.value()) * scaled_e1(v)).value() + math::euler_gamma();
    return SidedIntegral{select(upper, right, y * ein_ratio(v)), upper};
  }

 private:
  template <class X>
  static SMOOTHACT_FN auto argument(const X& x) {
    return capped(x, math::Range<decltype(x.v)>::inner_tail);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
