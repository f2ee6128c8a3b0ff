// SPDX-License-Identifier: Apache-2.0
// Leaky         ax + R((1 - a)x) of a smooth ReLU R: the larger of x and ax, smoothed
// DerivedLeaky  the same of half a smooth |x|, A, of which a header gives only the value: (1 + a)x/2 + |1 - a|A(x)/2
#pragma once

#include "constructions.h"
#include "derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// |1 - a|, with every digit
constexpr Constant leak_gap(Constant alpha) {
  const Constant half = Constant(0.5) * (Constant(1) - alpha);
  return Constant(2) * magnitude(half);
}
// R or R' without its line, y, and which
template <class V>
struct LeakyPart {
  typename V::Mask near;
  Sum<V> y;
};

// Of y = |1 - a| x, R knows two forms. Far from 0, R(y) = max(0, y) + excess, R' = 0 or 1 less decay. Near it, where
// the slopes 1 and a may cancel in either, R(y) = y/2 + half_abs, R' = 1/2 + half_sign. bend is the derivative of R' by
// x.
template <class R>
struct Leaky {
  R of;
  Constant left, right, mean, gap;  // the slopes of max(x, ax), and |1 - a|
  SMOOTHACT_FN constexpr Leaky(R of, Constant alpha)
      : of(of),
        left(select(alpha < 1, alpha, Constant(1))),
        right(select(alpha < 1, Constant(1), alpha)),
        mean(Constant(0.5) * (Constant(1) + alpha)),
        gap(leak_gap(alpha)) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    constexpr double largest = math::Format<typename V::scalar>::largest;
    const auto part = of.value(x);
    const Sum<V> k = slope(x, part.near), y = k * clamp(x, -largest, largest) + part.y;
    const V beyond = k.hi * x, value = y.hi + y.lo;
    return select(V(largest) < abs(beyond), beyond, math::with_sign_of_zero(value, x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto part = of.slope(x);
    const Sum<V> s = part.y * math::in_full<V>(gap), y = slope(x, part.near) + select(x < 0, -s, s);
    return y.hi + y.lo;
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return (of.bend(x) * math::in_full<V>(gap)).value();
  }

 private:
  template <class V>
  SMOOTHACT_FN Sum<V> slope(V x, const typename V::Mask& near) const {
    return select(near, math::in_full<V>(mean), select(x < 0, math::in_full<V>(left), math::in_full<V>(right)));
  }
};

template <class A>
struct LeakyHalfAbs {
  Constant left, right, mean, half_gap, width;
  A abs;
  SMOOTHACT_FN constexpr LeakyHalfAbs(Constant alpha, A abs)
      : left(select(alpha < 1, alpha, Constant(1))),
        right(select(alpha < 1, Constant(1), alpha)),
        mean(Constant(0.5) * (Constant(1) + alpha)),
        half_gap(Constant(0.5) * leak_gap(alpha)),
        width(abs.width),
        abs(abs) {}
};

namespace derived {

struct LeakyOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const V inside = within_reach<W>(formula, x);
    const auto abs_x = formula.abs.even(math::variable<Order>(W(minus_abs(inside))));
    const auto rest = abs_x.rest * formula.half_gap;
    if constexpr (Order == 2) return part<2>(rest);
    const auto y = rest.value();
    const W side = select(x < 0, W(formula.left), W(formula.right)), k = select(abs_x.near, W(formula.mean), side);
    if constexpr (Order == 1) {
      return narrow(k + select(x < 0, y.d1, -y.d1));
    } else if constexpr (Order == 0) {
      constexpr double largest = math::Format<typename V::scalar>::largest;
      const V finite = clamp(x, -largest, largest), line = line_less(k, finite, finite, V(0)), beyond = leading(k) * x;
      const V value = select(abs(inside) < abs(x), line, narrow(k * W(inside) + y.v));
      return select(V(largest) < abs(beyond), beyond, math::with_sign_of_zero(value, x));
    }
  }
};

}  // namespace derived

template <class A>
using DerivedLeaky = Derived<LeakyHalfAbs<A>, derived::LeakyOf>;

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
