// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/erf.h"
#include "../../math/mills.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = Phi(z), from the tail Q(t) = 1 - Phi(t) of t = |z|, which keeps full relative accuracy where (1 + erf)/2 has
// no digit left.
template <class V, class Z>
struct NormalCdf {
  Z z, t;
  typename V::Mask negative;

  SMOOTHACT_FN explicit NormalCdf(Z argument)
      : z(bounded(argument)), t(-minus_abs(argument)), negative(leading(argument) < 0) {}

  SMOOTHACT_FN Scaled<V> value() const {
    const Scaled<V> tail = normal_tail(t);
    return select(negative, tail, 1 - tail.value());
  }
  SMOOTHACT_FN V sign() const { return copysign(normal_sign(math::as_sum(t)), leading(z)); }
  SMOOTHACT_FN Scaled<V> slope() const { return normal_pdf(t); }
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    return normal_pdf(t) * -(b * z);
  }
  // b (2H - 1), and 2H - 1 + 2uH', u = -|xz'|: the slope of x (2H - 1), whose terms have the same sign
  SMOOTHACT_FN V sign_times(V b) const { return b * sign(); }
  template <class U>
  SMOOTHACT_FN V sign_gate_slope(U u) const {
    return copysign(normal_sign(math::as_sum(t)) + (normal_pdf(t) * (V(-2) * u)).value(), leading(z));
  }

  // -aH(a) = tQ(t), t = -a
  static SMOOTHACT_FN Scaled<V> decay(V, V a) { return weighted_tail(-a); }
  static SMOOTHACT_FN Scaled<V> decay(Sum<V> a) { return normal_tail(-a) * -a; }
  // H(a) + aH'(a)
  static SMOOTHACT_FN Scaled<V> decay_slope(V a, V) { return weighted_tail_slope(-a); }
  static SMOOTHACT_FN Scaled<V> decay_slope(Sum<V> a) { return weighted_tail_slope(-a); }
  // constant H' + linear H'', H'' = -aH'
  static SMOOTHACT_FN Scaled<V> decay_curvature(V a, V constant, V linear) {
    return normal_pdf(a) * fma(a, -linear, constant);
  }
  static SMOOTHACT_FN Scaled<V> decay_curvature(Sum<V> a, Sum<V> constant, Sum<V> linear) {
    return normal_pdf(a) * (constant + -(a * linear));
  }
  // Distance of the integral of H from max(z, 0).
  template <class A>
  static SMOOTHACT_FN Scaled<V> excess(const A& a) {
    return normal_excess(-a);
  }

 private:
  static SMOOTHACT_FN V bounded(V a) { return clamp(a, -tail<V>, tail<V>); }
  static SMOOTHACT_FN Sum<V> bounded(Sum<V> a) { return a; }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
