// SPDX-License-Identifier: Apache-2.0
// The map x -> z in front of a step: z itself, its slope, and both folded onto the side where the step decays.
#pragma once

#include "../../math/exp.h"
#include "../../math/number.h"
#include "../../math/sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

using math::Constant;
using math::leading;
using math::Octaves;
using math::Scaled;
using math::Sum;

// Beyond `tail` the step is 0 or 1 in every format, so z may be clamped there: infinities never meet a zero.
template <class V>
inline constexpr double tail = math::Format<typename V::scalar>::tail;

template <class V, class Z, class D>
struct Argument {
  Z z;
  D slope;  // z'
};

// For a gate whose step has H(-z) = 1 - H(z): xH(z) = max(0, x) - y, where y = |x|H(-|z|) decays on both sides.
template <class V, class Z, class U>
struct Folded {
  Z a;  // -|z|
  V x;  // -|x|, tamed where the step is below the smallest number
  U u;  // -|x z'|
};

// The same for the second derivative of such a gate, constant H'(a) + linear H''(a).
template <class Z, class C, class U>
struct Bent {
  Z a;
  C constant;  // 2z' + x z''
  U linear;    // -|x| z'^2
};

// And for the third, scale (ratio H''(a) + a H'''(a)).
template <class Z, class R, class S>
struct Twisted {
  Z a;
  R ratio;
  S scale;
};

template <class V>
SMOOTHACT_FN V below_zero(V z) {
  return max(V(-tail<V>), minus_abs(z));
}
template <class V>
SMOOTHACT_FN Sum<V> below_zero(Sum<V> z) {
  return minus_abs(z);
}

// z, tamed on both sides
template <class V>
SMOOTHACT_FN V at_most(V z, double high) {
  return clamp(z, -tail<V>, high);
}
template <class V>
SMOOTHACT_FN Sum<V> at_most(Sum<V> z, double high) {
  return {min(V(high), z.hi), z.lo};
}

// z = x
struct Unit {
  template <class V>
  SMOOTHACT_FN Argument<V, V, V> operator()(V x) const {
    return {x, 1};
  }
  template <class V>
  SMOOTHACT_FN typename V::Mask negative(V x) const {
    return x < 0;
  }
  // -|z|
  template <class V>
  SMOOTHACT_FN V below(V x) const {
    return below_zero(x);
  }
  template <class V>
  SMOOTHACT_FN Folded<V, V, V> fold(V x) const {
    const V a = below(x);
    return {a, a, a};
  }
  template <class V>
  SMOOTHACT_FN Bent<V, V, V> bend(V x) const {
    const V a = below(x);
    return {a, 2, a};
  }
  // Has the sign of x, -0 too.
  template <class V>
  SMOOTHACT_FN V unfold(V x, V y) const {
    return max(V(-0.0), x) - y;
  }
};

// z = x, before a step whose decay bounds x itself.
struct Unbounded : Unit {
  template <class V>
  SMOOTHACT_FN Folded<V, V, V> fold(V x) const {
    const V a = minus_abs(x);
    return {a, a, a};
  }
};

// What z = kx of either kind shares.
struct Multiple {
  Constant k, sign, magnitude, reach, octaves;  // octaves: |k|/ln 2
  SMOOTHACT_FN constexpr Multiple(Constant k)
      : k(k),
        sign(select(k < 0, Constant(-1), Constant(1))),
        magnitude(math::magnitude(k)),
        reach(bound(reciprocal(magnitude))),
        octaves(magnitude * Constant(math::octave)) {}

  template <class V>
  SMOOTHACT_FN typename V::Mask negative(V x) const {
    return V(sign) * x < 0;
  }
  template <class V>
  SMOOTHACT_FN auto fold(V x) const {
    const V a = max(-far<V>(), minus_abs(x));
    const Sum<V> u = product(magnitude, a);
    if constexpr (math::counts_octaves<V>)
      return Folded<V, Octaves<V>, Sum<V>>{math::in_octaves(a, octaves), a, u};
    else
      return Folded<V, Sum<V>, Sum<V>>{u, a, u};
  }
  template <class V>
  SMOOTHACT_FN Sum<V> below(V x) const {
    return product(magnitude, max(-far<V>(), minus_abs(x)));
  }
  template <class V>
  SMOOTHACT_FN auto bend(V x) const {
    const Sum<V> u = below(x);
    const Sum<V> slope{V(k), V(k.template trailing<typename V::scalar>())};
    return Bent<Sum<V>, Sum<V>, Sum<V>>{u, slope * V(2), u * slope};
  }
  template <class V>
  SMOOTHACT_FN auto twist(V x) const {
    const Sum<V> slope = math::in_full<V>(k);
    return Twisted<Sum<V>, V, Sum<V>>{below(x), 3, slope * slope};
  }
  // xH(kx) of a negative k is the mirror image.
  template <class V>
  SMOOTHACT_FN V unfold(V x, V y) const {
    const V mirrored = multiply_sign(Unit{}.unfold(multiply_sign(x, V(sign)), y), V(sign)), half = V(0.5) * x;
    // H(0), at the infinities too. What is finite knows how it changes with k.
    if constexpr (math::learned)
      return select(abs(x) <= V(math::Format<typename V::scalar>::largest), mirrored, choose_at_zero(half, mirrored));
    else
      return choose_at_zero(half, mirrored);
  }
  // One value for k = 0 and one for any other k. A branch would keep CUDA's elements from interleaving.
  template <class V>
  SMOOTHACT_FN V choose_at_zero(V at_zero, V other) const {
    if constexpr (math::on_cuda || math::learned)
      return select(V(magnitude) <= 0, at_zero, other);
    else
      return equals(k, 0) ? at_zero : other;
  }

 protected:
  template <class V>
  SMOOTHACT_FN V far() const {
    return min(V(math::Format<typename V::scalar>::largest), V(reach) * tail<V>);
  }
};

// z = kx, k a power of two: exact.
struct Shift : Multiple {
  template <class V>
  SMOOTHACT_FN Argument<V, V, V> operator()(V x) const {
    return {V(k) * x, k};
  }
  template <class V>
  SMOOTHACT_FN V below(V x) const {
    return below_zero(V(k) * x);
  }
};

// z = kx, with the rounding error of the product kept: it would be multiplied by z in the tail.
struct Linear : Multiple {
  using Multiple::Multiple;
  // Most parameters in use are powers of two.
  bool shifts() const { return is_power_of_two(k); }

  template <class V>
  SMOOTHACT_FN Argument<V, Sum<V>, Sum<V>> operator()(V x) const {
    using T = typename V::scalar;
    const V far = this->far<V>();
    return {product(k, min(far, max(-far, x))), {V(k), V(k.template trailing<T>())}};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
