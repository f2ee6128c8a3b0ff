// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/exp.h"
#include "constructions/warp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// p2 x + (p1 - p2) x H(z), z = beta (p1 - p2) x. With e = exp(-|z|) it is x (edge + other e)/(1 + e), edge the slope on
// this side and other the one beyond 0: all cancellation is in such sums, kept in two terms.
struct AconC {
  static constexpr Descriptor descriptor{
      .name = "acon_c",
      .module = "AconC",
      .kind = Kind::smooth_relu,
      .parameters = {{"p1", 1}, {"p2", 0.25}, {"beta", 1}},
      .definition = "(p1 - p2) * x / (1 + exp(-beta * (p1 - p2) * x)) + p2 * x",
      .source = "Ma et al. 2020, arXiv:2009.04759",
      .limits = {-infinity, infinity},
      .slopes = {0.25, 1},
      .in_double = true,
  };
  Constant p1, p2, sum, difference;
  Linear warp;
  SMOOTHACT_FN constexpr AconC(Constant p1, Constant p2, Constant beta)
      : p1(p1), p2(p2), sum(p1 + p2), difference(p1 - p2), warp{beta * difference} {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Parts<V> p(*this, x);
    const V y = p.over(p.level, p.other, p.d, min(p.far, max(-p.far, x)));
    const V line = select(p.vanishes, V(0), p.asymptote * x);
    return select(p.far < abs(x), line, y);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Parts<V> p(*this, x);
    const Sum<V> inner = p.other * p.e + (math::in_full<V>(sum) + (p.other + -p.edge) * p.a);
    return p.over(p.edge + inner * p.e, inner, p.d * p.d, V(1));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Parts<V> p(*this, x);
    const Sum<V> n = math::in_full<V>(difference) * math::in_full<V>(warp.k) * (p.d * V(2) + -(p.a * p.x.em1));
    return Scaled<V>{quotient(n * p.x.m, p.d * p.d * p.d), p.x.n}.value();
  }

 private:
  template <class V>
  struct Parts {
    V far, asymptote;
    Sum<V> edge, other, a, e, d, level;  // level: edge + other e
    math::ExpExpm1<V> x;
    typename V::Mask vanishes;

    SMOOTHACT_FN Parts(const AconC& s, V at)
        : far(min(V(0x1p100), V(s.warp.reach) * tail<V>)), a(s.warp.below(at)), x(exp_expm1(a)) {
      const auto left = s.warp.negative(at);
      edge = select(left, math::in_full<V>(s.p2), math::in_full<V>(s.p1));
      other = select(left, math::in_full<V>(s.p1), math::in_full<V>(s.p2));
      asymptote = s.warp.choose_at_zero(V(0.5) * V(s.sum), edge.hi);
      e = x.value();
      d = one_plus(e);
      level = select(V(0.5) < e.hi, math::in_full<V>(s.sum) + other * x.em1, edge + other * e);
      const V weight = edge.hi * d.hi;  // a tensor even where p1 = p2
      vanishes = (weight <= 0) & (0 <= weight);
    }
    // x n/d; where the edge is 0, n = e decaying and keeps the digits that e loses.
    SMOOTHACT_FN V over(Sum<V> n, Sum<V> decaying, Sum<V> d, V x) const {
      const V q = x * quotient(select(vanishes, decaying * this->x.m, n), d);
      return select(vanishes, Scaled<V>{q, this->x.n}.value(), q);
    }
  };
};
inline constexpr Function<AconC> acon_c{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
