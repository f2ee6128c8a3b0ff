// SPDX-License-Identifier: Apache-2.0
// The normal law and the error function of jets. Their derivatives are exponentials; what a wide number's value has of
// one term only is a share of it, so that it is good to half a last place of that term.
#pragma once

#include "decay.h"
#include "erf.h"
#include "mills.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

SMOOTHACT_FN constexpr Constant two_over_root_pi() { return {1.1283791670955126, 1.533545961316588e-17}; }
SMOOTHACT_FN constexpr Constant root_half() { return {0.7071067811865476, -4.833646656726457e-17}; }

// erf(x)/x and erf x for |x| <= 3/4
template <class W>
SMOOTHACT_FN W erf_over(const W& x) {
  const auto square = leading(x) * leading(x);
  return W(two_over_root_pi()) + W(square * detail::erf_remainder(square));
}
template <class W>
SMOOTHACT_FN W erf_unit(const W& x) {
  return x * erf_over(x);
}
template <class W, class A1, class A2>
SMOOTHACT_FN auto erf_unit(const Jet<W, A1, A2>& x) {
  const auto slope = [&] { return exp(-(x.v * x.v)) * W(two_over_root_pi()); };
  return compose(x, erf_unit(x.v), slope, [&] { return x.v * slope() * -2; });
}
template <class J, class S>
SMOOTHACT_FN auto erf_unit(const Decay<J, S>& u) {
  return apply(u, two_over_root_pi(), [](const J& a) { return erf_unit(a); });
}

// Mills' ratio as (t + N)/(1 + t(t + N)): what N has of one term counts a sixth at t = 1 and less beyond.
template <class W>
SMOOTHACT_FN W mills_ratio(const W& t) {
  const Mills d(leading(t));
  const W n = t + (W(d.remainder.hi) + W(d.remainder.lo));
  return n / (1 + t * n);
}

// erfc x for 0.6 < x < sqrt(Range::tail)
template <class W, class A1, class A2>
SMOOTHACT_FN auto erfc_tail(const Jet<W, A1, A2>& x) {
  const auto g = decaying_exp(-(Jet<W>{x.v} * Jet<W>{x.v}));
  const W scaled = g.m.v * W(two_over_root_pi()), m = mills_ratio(2 * x.v * W(root_half()));
  return Decay{compose(
                   x, scaled * m * W(root_half()), [&] { return -scaled; }, [&] { return 2 * x.v * scaled; }),
               g.scale};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
