// SPDX-License-Identifier: Apache-2.0
// Leaky   ax + R((1 - a)x) of a smooth ReLU R: the larger of x and ax, smoothed
#pragma once

#include "constructions.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// |1 - a|, with every digit
constexpr Constant leak_gap(Constant alpha) {
  const double b = 1 - alpha.value, part = b - 1, lost = (1 - (b - part)) - (alpha.value + part);
  return b < 0 ? Constant(-b, -lost) : Constant(b, lost);
}

// With y = |1 - a| x: R(y) = max(0, y) + excess(x), its slope is decay(x) left of 0 and 1 - decay(x) right of it, and
// bend(x) is the derivative of that by x.
template <class R>
struct Leaky {
  R of;
  Constant left, right, gap;  // the slopes of max(x, ax)
  SMOOTHACT_FN constexpr Leaky(R of, Constant alpha)
      : of(of),
        left(alpha.value < 1 ? alpha : Constant(1)),
        right(alpha.value < 1 ? Constant(1) : alpha),
        gap(leak_gap(alpha)) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    constexpr double largest = math::Format<typename V::scalar>::largest;
    const Sum<V> k = slope(x), line = k * clamp(x, -largest, largest);
    const V y = line.hi + (line.lo + of.excess(x).value()), beyond = k.hi * x;
    return select(V(largest) < abs(beyond), beyond, y);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Sum<V> k = slope(x);
    const V s = (of.decay(x) * math::in_full<V>(gap)).value();
    return k.hi + (k.lo + select(x < 0, s, -s));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return (of.bend(x) * math::in_full<V>(gap)).value();
  }

 private:
  template <class V>
  SMOOTHACT_FN Sum<V> slope(V x) const {
    return select(x < 0, math::in_full<V>(left), math::in_full<V>(right));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
