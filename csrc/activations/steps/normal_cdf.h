// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/mills.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = Phi(z), from the tail Q(t) = 1 - Phi(t) of t = |z|, which keeps full relative accuracy where (1 + erf)/2 has
// no digit left.
template <class V, class Z>
struct NormalCdf {
  V z, t;
  typename V::Mask negative;

  SMOOTHACT_FN explicit NormalCdf(Z argument)
      : z(clamp(leading(argument), -tail<V>, tail<V>)), t(abs(leading(argument))), negative(z < 0) {}

  SMOOTHACT_FN Scaled<V> value() const {
    const Scaled<V> tail = normal_tail(t);
    return select(negative, tail, 1 - tail.value());
  }
  SMOOTHACT_FN Scaled<V> slope() const { return normal_pdf(t); }
  // -aH(a) = tQ(t), t = -a
  static SMOOTHACT_FN Scaled<V> decay(V, V a) { return weighted_tail(-a); }
  // H(a) + aH'(a)
  static SMOOTHACT_FN Scaled<V> decay_slope(V a, V) { return weighted_tail_slope(-a); }
  // constant H' + linear H'', H'' = -aH'
  static SMOOTHACT_FN Scaled<V> decay_curvature(V a, V constant, V linear) {
    return normal_pdf(a) * fma(a, -linear, constant);
  }
  SMOOTHACT_FN Scaled<V> curvature(V b) const { return normal_pdf(t) * (-b * z); }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
