// SPDX-License-Identifier: Apache-2.0
// The map x -> z in front of a step: z itself, its derivatives, and x guarded where the step decays.
#pragma once

#include <bit>

#include "../../math/exp.h"
#include "../../math/number.h"
#include "../../math/sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

using math::Constant;
using math::Scaled;
using math::Sum;

// Beyond `tail` the step is 0 or 1 in every format, so z may be clamped there: infinities never meet a zero.
template <class V>
inline constexpr double tail = math::Format<typename V::scalar>::tail;

template <class V, class Z, class D>
struct Argument {
  Z z;
  D slope;        // z'
  D x_slope;      // x z'
  D x_curvature;  // x z''
  V x;            // the factor of a gate: x, tamed where the step is below the smallest number
};

// For a gate whose step has H(-z) = 1 - H(z): xH(z) = ramp(x) + y, where y decays on both sides.
template <class V, class Z>
struct Folded {
  Z a;  // -|z|
  V x;  // as in Argument
};

template <class V>
SMOOTHACT_FN V leading(V z) {
  return z;
}
template <class V>
SMOOTHACT_FN V leading(Sum<V> z) {
  return z.hi;
}
template <class V>
SMOOTHACT_FN V minus_abs(V z) {
  return max(V(-tail<V>), -abs(z));
}
template <class V>
SMOOTHACT_FN Sum<V> minus_abs(Sum<V> z) {
  return {-abs(z.hi), select(z.hi < 0, z.lo, -z.lo)};
}

// z = x
struct Unit {
  template <class V>
  SMOOTHACT_FN Argument<V, V, V> operator()(V x) const {
    return {x, 1, clamp(x, -tail<V>, tail<V>), 0, max(V(-tail<V>), x)};
  }
  template <class V>
  SMOOTHACT_FN Folded<V, V> fold(V x) const {
    const V a = minus_abs(x);
    return {a, a};
  }
  // xH(z) has the sign of x, -0 too.
  template <class V>
  SMOOTHACT_FN V unfold(V x, V y) const {
    return copysign(max(V(0), x) + y, x);
  }
};

// z = kx, k a power of two: exact.
struct Shift {
  Constant k;

  template <class V>
  SMOOTHACT_FN Argument<V, V, V> operator()(V x) const {
    const V z = V(k) * x;
    return {z, k, clamp(z, -tail<V>, tail<V>), 0, x};
  }
};

// z = kx, with the rounding error of the product kept: it would be multiplied by z in the tail.
struct Linear {
  Constant k, reach;
  SMOOTHACT_FN constexpr Linear(Constant k) : k(k), reach(1 / (k.value < 0 ? -k.value : k.value)) {}
  // Most parameters in use are powers of two.
  bool shifts() const { return k.value != 0 && (std::bit_cast<long long>(k.value) & ((1LL << 52) - 1)) == 0; }

  template <class V>
  SMOOTHACT_FN Argument<V, Sum<V>, Sum<V>> operator()(V x) const {
    using T = typename V::scalar;
    const Sum<V> z = product(k, inside(x));
    const V far = this->far<V>();
    const V guarded = select((z.hi < 0) & (far < abs(x)), copysign(V(0), x), x);
    return {z, {V(k), V(k.template trailing<T>())}, z, {0, 0}, guarded};
  }
  template <class V>
  SMOOTHACT_FN Folded<V, Sum<V>> fold(V x) const {
    const V t = inside(x);
    return {minus_abs(product(k, t)), t};
  }
  template <class V>
  SMOOTHACT_FN V unfold(V x, V y) const {
    return select(V(k) * x < 0, y, x - y);
  }

 private:
  template <class V>
  SMOOTHACT_FN V far() const {
    return min(V(math::Format<typename V::scalar>::largest), V(reach) * tail<V>);
  }
  template <class V>
  SMOOTHACT_FN V inside(V x) const {
    return min(far<V>(), max(-far<V>(), x));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
