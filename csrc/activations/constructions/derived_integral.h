// SPDX-License-Identifier: Apache-2.0
// The smooth ReLU of a derived step: f is the integral that the formula gives beside the step, f' the step's value and
// f'' its slope.
#pragma once

#include "derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of a step from -infinity: `rest` left of where it parts, limit x + rest right of it.
template <class D, class M, class L = One>
struct SidedIntegral {
  D rest;
  M upper;
  L limit{};
};
template <class D, class M>
SidedIntegral(D, M) -> SidedIntegral<D, M, One>;
template <class D, class M, class L>
SidedIntegral(D, M, L) -> SidedIntegral<D, M, L>;

namespace derived {

template <class F, class W>
SMOOTHACT_FN auto integral(const F& formula, const Jet<W>& x) {
  return formula.integral(x);
}
template <class H, class W>
SMOOTHACT_FN auto integral(const Stretched<H>& s, const Jet<W>& x) {
  const auto r = s.step.integral(x * s.inner);
  return SidedIntegral{r.rest * (s.outer * reciprocal(s.inner)), r.upper,
                       math::detail::number<W>(r.limit) * W(s.outer)};
}

struct IntegralOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    if constexpr (Order > 0) {
      return StepOf::apply<Order - 1, W>(formula, x);
    } else {
      const V inside = within_reach<W>(formula, x);
      const auto r = integral(formula, Jet<W>{W(inside)});
      const W limit = math::detail::number<W>(r.limit), rest = r.rest.value().v;
      // Where x and the rest cancel, both have their digits; farther out x may be infinite.
      const V line = narrow(limit * W(inside) + rest) + leading(limit) * (x - inside);
      return select(r.upper, line, part<0>(r.rest));
    }
  }
};

}  // namespace derived

template <class Formula>
using DerivedIntegral = Derived<Formula, derived::IntegralOf>;

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
