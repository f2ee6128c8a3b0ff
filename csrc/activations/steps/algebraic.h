// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/projective.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = (1 + z/r)/2, r = sqrt(1 + z^2), Student's t distribution of two degrees of freedom. What 1 - |z|/r leaves is
// 1/(r (r + |z|)). With v = min(1, |z|) and w = min(1, 1/|z|), r = R/w and |z| = v/w, R = sqrt(1 + q^2).
template <class V, class Z>
struct Algebraic {
  Z p;
  Sum<V> v, w, root, inverse;  // R, 1/R

  SMOOTHACT_FN explicit Algebraic(const Z& p) : p(p), v(p.size()), w(p.inverse_size()) {
    const Sum<V> square = one_plus(p.q * p.q);
    inverse = rsqrt(square);
    root = square * inverse;
  }

  SMOOTHACT_FN Scaled<V> value() const { return p.step(tail()); }
  SMOOTHACT_FN V sign() const { return p.odd(v * inverse); }
  SMOOTHACT_FN Scaled<V> slope() const { return scaled(cube() * V(0.5)); }
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    const V y = p.lowered(p.lifted_size() * cube() * (inverse * inverse) * V(1.5) * b);
    return {select(p.negative(), y, -y), 0};
  }
  SMOOTHACT_FN V gate(V) const { return p.gate(p.length * inverse * defect()); }
  SMOOTHACT_FN V gate_slope(V) const {
    const Sum<V> b = w * w + -(v * root);
    return p.step(defect() * w * b * (inverse * inverse * inverse)).value();
  }
  SMOOTHACT_FN V gate_curvature(V) const {
    const Sum<V> y = p.rate * cube() * (inverse * inverse) * (w * w + v * v * V(-0.5));
    return y.hi + y.lo;
  }
  // |x| (2H - 1), of the sign of b
  SMOOTHACT_FN V sign_times(V b) const {
    const Sum<V> y = v * inverse * b;
    return select(p.negative(), -(y.hi + y.lo), y.hi + y.lo);
  }
  template <class U>
  SMOOTHACT_FN V sign_gate_slope(U) const {
    return p.odd(v * (v * v + w * w * V(2)) * (inverse * inverse * inverse));
  }
  // g (r - |z|)/2
  SMOOTHACT_FN Scaled<V> excess() const { return scaled(p.width * defect()); }

  SMOOTHACT_FN Sum<V> tail() const { return w * inverse * defect(); }
  // (r - |z|)/2 = w/(R + v)/2
  SMOOTHACT_FN Sum<V> defect() const { return ratio(w * V(0.5), root + v); }

 private:
  // w^2/R^3
  SMOOTHACT_FN Sum<V> cube() const { return (w * inverse) * (w * inverse) * inverse; }
  static SMOOTHACT_FN Scaled<V> scaled(Sum<V> y) { return {y.hi + y.lo, 0}; }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
