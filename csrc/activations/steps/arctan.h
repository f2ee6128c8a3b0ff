// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/atan.h"
#include "../constructions/projective.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = 1/2 + atan(z)/pi, the Cauchy distribution. Left of -1 it is atan(1/|z|)/pi, where the sum has no digit left.
template <class V, class Z>
struct Arctan {
  Z p;
  Sum<V> square;         // q^2
  Sum<V> chord, corner;  // q/pi, and atan(q)/pi - q/pi
  V bend;                // atan(q)/q - 1

  SMOOTHACT_FN explicit Arctan(const Z& p)
      : p(p),
        square(p.q * p.q),
        chord(p.q * over_pi()),
        corner{chord.hi * (square.hi * atan_tail(square.hi)), 0},
        bend(square.hi * atan_tail(square.hi)) {}

  SMOOTHACT_FN Scaled<V> value() const { return p.step(select(p.near, half() + -arc(), arc())); }
  SMOOTHACT_FN V sign() const {
    const Sum<V> y = arc() * V(2);
    return p.odd(select(p.near, y, one() + -y));
  }
  SMOOTHACT_FN Scaled<V> slope() const {
    const Sum<V> y = p.inverse_size() * over_pi() * drop();
    return {y.hi + y.lo, 0};
  }
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    const V y = p.lowered(p.lifted * over_pi() * V(2) * drop() * drop() * b);
    return {select(p.negative(), y, -y), 0};
  }
  SMOOTHACT_FN V gate(V) const { return p.gate(decay()); }
  // H + zH' left of 0: what is left of atan(q) - q/(1 + q^2) in the tail, and of 1/2 without it
  SMOOTHACT_FN V gate_slope(V) const {
    const Sum<V> cubic = chord * (square * drop());
    const Sum<V> y = select(p.near, half() + chord * V(-2) + cubic + -corner, cubic + corner);
    return p.step(y).value();
  }
  SMOOTHACT_FN V gate_curvature(V) const {
    const Sum<V> w = p.inverse_size(), y = p.rate * V(2) * (w * drop()) * (w * drop()) * (w * over_pi());
    return y.hi + y.lo;
  }
  // The integral diverges at -infinity and is taken from 0: it falls from max(0, x) like a logarithm.
  SMOOTHACT_FN Scaled<V> excess() const {
    const V log = fma(V(0.5), log1p_unit(square.hi), p.log_size());
    return p.divergent(decay() + p.width * over_pi() * log);
  }

 private:
  static SMOOTHACT_FN Sum<V> over_pi() {
    return math::in_full<V>(Constant(0.3183098861837907, -1.9678676675182486e-17));
  }
  static SMOOTHACT_FN Sum<V> half() { return {0.5, 0}; }
  static SMOOTHACT_FN Sum<V> one() { return {1, 0}; }
  SMOOTHACT_FN Sum<V> arc() const { return chord + corner; }
  // 1/(1 + q^2)
  SMOOTHACT_FN Sum<V> drop() const { return inverse(one_plus(square)); }
  // |x|H(-|z|)
  SMOOTHACT_FN Sum<V> decay() const {
    return p.length * select(p.near, half() + -arc(), over_pi() + over_pi().hi * bend);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
