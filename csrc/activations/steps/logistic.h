// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/log.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = 1/(1 + exp(-z)), from e = exp(-|z|) <= 1 alone: 1 - H and 1 - tanh^2, which lose every digit, never occur.
template <class V, class Z>
struct Logistic {
  Z z, a;  // a = -|z|
  typename V::Mask negative;

  SMOOTHACT_FN explicit Logistic(Z z) : z(z), a(below_zero(z)), negative(leading(z) < 0) {}

  SMOOTHACT_FN Scaled<V> value() const { return math::logistic<V>(at_most(z, 40)); }
  // -xH(a); the difference is +0 for either zero
  template <class A>
  static SMOOTHACT_FN Scaled<V> decay(const A& a, V x) {
    const math::Exponential<V> e(a);
    if constexpr (math::coarse<V>) return e.times(-x) / e.plus_one();
    const Scaled<V> xe = e.times(x);
    return {fma(xe.m, share(e), -xe.m), xe.n};
  }
  // H(a) + uH'(a) = H(a)(1 + u - uH(a)): 1 + u is exact where the sum cancels.
  template <class A, class U>
  static SMOOTHACT_FN Scaled<V> decay_slope(const A& a, U u) {
    const math::Exponential<V> e(a);
    const V s = share(e), v = leading(u);
    return less_share(e.times(plus_trailing(fma(-v, s, 1 + v), u)), s);
  }
  // constant H' + linear H'' = H'(a) (constant + linear - 2 linear H(a)): the first sum is exact where it cancels.
  template <class A, class C, class U>
  static SMOOTHACT_FN Scaled<V> decay_curvature(const A& a, C constant, U linear) {
    const math::Exponential<V> e(a);
    const V w = e.beside_one();
    const Sum<V> d = one_plus(w);
    const V r = reciprocal(d.hi), error = fma(-d.lo, r, fma(-d.hi, r, V(1)));
    const Sum<V> inverse{r, r * error};
    const V v = leading(linear), sum = fma(-2 * v, w * r, leading(constant) + v);
    return e.times(with_trailing(sum, constant, linear) * (inverse * inverse));
  }
  // tanh(z/2) = 2H - 1
  SMOOTHACT_FN V sign() const {
    const math::Exponential<V> e(a);
    return copysign(e.minus_one() / e.plus_one(), leading(z));
  }
  // b tanh(z/2) + c, to little more than its last rounding
  template <class U>
  SMOOTHACT_FN V sign_times(U b) const {
    const auto x = exp_expm1(a);
    return quotient(b * select(negative, x.em1, -x.em1), one_plus(x.value()));
  }
  // Of c + b and c - b the one on this side is left where e is small.
  SMOOTHACT_FN V sign_times(Sum<V> b, Sum<V> c) const {
    const auto x = exp_expm1(a);
    const Sum<V> e = x.value(), d = one_plus(e), s = select(negative, -b, b);
    return quotient(select(V(0.3) < e.hi, c * d + -(s * x.em1), (c + s) + e * (c + -s)), d);
  }
  // s + 2uH', s = tanh(z/2) and u = -|xz'|: the slope of x tanh(z/2), whose terms have the same sign
  template <class U>
  SMOOTHACT_FN V sign_gate_slope(U u) const {
    const auto x = exp_expm1(a);
    const Sum<V> e = x.value(), d = one_plus(e), n = x.em1 * d + u * (e * V(2));
    return quotient(select(negative, n, -n), d * d);
  }
  // Distance of the integral of H from max(z, 0).
  template <class A>
  static SMOOTHACT_FN Scaled<V> excess(const A& a) {
    return log1p_scaled(exp_bounded(a));
  }
  // H + uH' = e (1 + e + u)/(1 + e)^2 at a, to little more than its last rounding
  template <class A, class U>
  static SMOOTHACT_FN Scaled<V> decay_slope_sum(const A& a, U u) {
    const auto x = exp_expm1(a);
    const Sum<V> d = one_plus(x.value());
    return {quotient((d + u) * x.m, d * d), x.n};
  }
  // scale (k H'' + a H''') = scale e (a + k + e (e (a - k) - 4a))/(1 + e)^4 at a; odd in z. Near 0, where that cancels,
  // its terms are a (1 - 4e + e^2) and k (1 - e^2).
  template <class K, class C>
  static SMOOTHACT_FN Scaled<V> decay_jerk(const Sum<V>& a, K k, C scale) {
    const auto x = exp_expm1(a);
    const Sum<V> e = x.value(), d = one_plus(e), square = d * d;
    const Sum<V> near = a * one_plus(e * (e + V(-4))) + -(k * (x.em1 * d));
    const Sum<V> far = (a + k) + e * (e * (a + -k) + a * V(-4));
    return {quotient(scale * (select(V(0.3) < e.hi, near, far) * x.m), square * square), x.n};
  }

  // H' = H(1 - H)
  SMOOTHACT_FN Scaled<V> slope() const {
    const math::Exponential<V> e(a);
    const V s = share(e);
    return less_share(less_share(e.scaled(), s), s);
  }
  // bH'', H'' = -H' tanh(z/2)
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    const auto x = exp_expm1(a);
    const Sum<V> d = one_plus(x.value()), numerator = b * select(negative, -x.em1, x.em1);
    return {quotient(numerator * x.m, d * d * d), x.n};
  }

 private:
  // H(a) = e/(1 + e)
  static SMOOTHACT_FN V share(const math::Exponential<V>& e) {
    const V w = e.beside_one();
    return w / (1 + w);
  }
  // y/(1 + e) = y - y H(a): where e is small, the division's error does not count.
  static SMOOTHACT_FN Scaled<V> less_share(Scaled<V> y, V share) { return {fma(-y.m, share, y.m), y.n}; }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
