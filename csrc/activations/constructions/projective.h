// SPDX-License-Identifier: Apache-2.0
// The map x -> z = x/g in front of a step whose tails are powers of 1/z.
#pragma once

#include <limits>

#include "../../math/log.h"
#include "warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// Of |z| and 1/|z| the one that is 1 at most: no power of it leaves the range before the step does. Slopes are taken by
// `rate`, 1/max(|x|, g): a step's slope() is (max(1, |z|)) H'(z), its curvature likewise.
template <class V>
struct Projection {
  using Mask = typename V::Mask;
  V x;
  Constant k;     // 1/g
  Mask near;      // |z| < 1
  Sum<V> width;   // g
  Sum<V> length;  // min(|x|, g)
  Sum<V> lifted;  // q times `lift`: keeps the digits of a subnormal x where a slope is steep
  Sum<V> q;       // min(|z|, 1/|z|)
  Sum<V> rate;    // 1/max(|x|, g)

  SMOOTHACT_FN Projection(V x, const Constant& g, const Constant& k)
      : x(x), k(k), near(abs(x) < V(g)), width(math::in_full<V>(g)) {
    const Sum<V> finite{min(V(largest), abs(x)), 0};
    length = select(near, finite, width);
    constexpr double down = 0.125;  // 1/largest is subnormal
    const Sum<V> r = inverse(select(near, width, finite) * V(down));
    const Sum<V> raised = select(V(largest) < abs(x), Sum<V>{0, 0}, r);
    lifted = length * V(lift) * raised * V(down);
    q = lifted * V(1 / lift);
    rate = raised * V(down);
  }
  SMOOTHACT_FN Mask negative() const { return x < 0; }
  SMOOTHACT_FN Sum<V> size() const { return select(near, q, Sum<V>{1, 0}); }          // min(1, |z|)
  SMOOTHACT_FN Sum<V> inverse_size() const { return select(near, Sum<V>{1, 0}, q); }  // min(1, 1/|z|)

  SMOOTHACT_FN Sum<V> lifted_size() const { return select(near, lifted, Sum<V>{lift, 0}); }
  static SMOOTHACT_FN V lowered(Sum<V> y) { return (y.hi + y.lo) * V(1 / lift); }

  // Of a step, its derivatives and the gate behind it, given their decaying sides.
  SMOOTHACT_FN Scaled<V> step(Sum<V> tail) const {
    return {select(negative(), tail.hi + tail.lo, (1 - tail.hi) - tail.lo), 0};
  }
  SMOOTHACT_FN V odd(Sum<V> y) const { return copysign(y.hi + y.lo, x); }
  SMOOTHACT_FN V gate(Sum<V> decay) const { return max(V(-0.0), x) - (decay.hi + decay.lo); }
  // log max(1, |z|)
  SMOOTHACT_FN V log_size() const { return select(near, V(0), log_multiple(k, min(V(largest), abs(x)))); }
  // The excess -y of an integral where y grows without bound, though not at +infinity beside x.
  SMOOTHACT_FN Scaled<V> divergent(Sum<V> y) const { return {select(x < -largest, V(-infinity), -(y.hi + y.lo)), 0}; }

 private:
  static constexpr double lift = sizeof(typename V::scalar) == 4 ? 0x1p24 : 0x1p53;
  static constexpr double largest = math::Format<typename V::scalar>::largest;
  static constexpr double infinity = std::numeric_limits<double>::infinity();
};

struct Projective {
  Constant width, scale;
  SMOOTHACT_FN constexpr explicit Projective(Constant width) : Projective(width, reciprocal(width)) {}
  SMOOTHACT_FN constexpr Projective(Constant width, Constant scale) : width(width), scale(scale) {}

  template <class V>
  SMOOTHACT_FN Argument<V, Projection<V>, Sum<V>> operator()(V x) const {
    const Projection<V> p(x, width, scale);
    return {p, p.rate};
  }
  template <class V>
  SMOOTHACT_FN Folded<V, V, V> fold(V x) const {
    return {x, x, x};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
