// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jet.h"
#include "polynomial.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// atan t for |t| <= 1, of a wide number to its digits: atan t = atan c + atan u, u = (t - c)/(1 + tc), for the c of 0,
// tan(pi/8) and 1 that is nearest; what u^3 and the rest of its series add to u, |u| <= tan(pi/16), is a fortieth.
template <class W>
SMOOTHACT_FN W atan_unit(const W& t) {
  using V = decltype(leading(t));
  const auto negative = leading(t) < 0;
  const W a = select(negative, -t, t);
  const auto middle = V(0.1989) < leading(a), high = V(0.6682) < leading(a);
  const Constant eighth(0.39269908169872414, 1.5308084989341915e-17),
      tan_eighth(0.41421356237309503, 1.4349369327986523e-17);
  const W c = select(high, W(1), select(middle, W(tan_eighth), W(0)));
  const W base = select(high, W(eighth) * 2, select(middle, W(eighth), W(0)));
  const W u = (a - c) / (1 + a * c);
  const V v = leading(u), s = v * v;
  const V p = polynomial(s, -1.0 / 3, 1.0 / 5, -1.0 / 7, 1.0 / 9, -1.0 / 11, 1.0 / 13, -1.0 / 15, 1.0 / 17, -1.0 / 19,
                         1.0 / 21, -1.0 / 23);
  const W y = base + (u + W(v * s * p));
  return select(negative, -y, y);
}

template <class W, class A1, class A2>
SMOOTHACT_FN auto atan_unit(const Jet<W, A1, A2>& a) {
  const W r = 1 / (1 + a.v * a.v);
  return compose(
      a, atan_unit(a.v), [&] { return r; }, [&] { return a.v * (r * r) * -2; });
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
