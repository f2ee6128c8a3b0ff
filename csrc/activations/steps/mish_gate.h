// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = tanh(softplus(z)) as a rational function of e = exp(-|z|) <= 1. The textbook's exp(4z) overflows single
// precision at z = 22. Both sides share their polynomials, with the coefficients in reverse order.
template <class V, class Z>
struct MishGate {
  Z a;
  typename V::Mask negative;

  SMOOTHACT_FN explicit MishGate(Z z) : a(minus_abs(z)), negative(leading(z) < 0) {}

  SMOOTHACT_FN Scaled<V> value() const {
    const Scaled<V> e = exp_bounded(a);
    const V w = e.value();
    return select(negative, e, V(1)) *
           (fma(w, select(negative, V(1), V(2)), select(negative, V(2), V(1))) / denominator(w));
  }
  SMOOTHACT_FN Scaled<V> slope() const {
    const Scaled<V> e = exp_bounded(a);
    const V w = e.value(), d = denominator(w);
    return e * (select(negative, V(4), 4 * w) * (1 + w) / (d * d));
  }
  // H + uH', expanded so that 4 + 4u is exact before anything is added to it.
  SMOOTHACT_FN V gate_slope(V u) const {
    const Scaled<V> e = exp_bounded(a);
    const V w = e.value(), d = denominator(w);
    const V numerator = polynomial(w, 4 + 4 * u, fma(4, u, 6), 4, 1);
    return (select(negative, e, V(1)) * (numerator / (d * d))).value();
  }
  // aH' + bH''
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U a_, U b) const {
    const auto x = exp_expm1(a);
    const Sum<V> w = x.value(), d = denominator(w);
    const Sum<V> cubic =
        ((w * select(negative, V(-2), V(2)) + select(negative, V(-3), V(2))) * w + select(negative, V(2), V(-3))) * w +
        select(negative, V(2), V(-2));
    const Sum<V> numerator = b * cubic + a_ * (one_plus(w) * d);
    return {quotient(x.m * numerator * select(negative, V(4), 4 * w.hi), d * d * d), x.n};
  }

 private:
  // c0 + c1 w + c2 w^2 + c3 w^3 left of 0, and mirrored in degree right of it.
  SMOOTHACT_FN V polynomial(V w, V c0, V c1, V c2, V c3) const {
    return fma(w, fma(w, fma(w, select(negative, c3, c0), select(negative, c2, c1)), select(negative, c1, c2)),
               select(negative, c0, c3));
  }
  SMOOTHACT_FN V denominator(V w) const {
    return fma(w, fma(w, select(negative, V(1), V(2)), V(2)), select(negative, V(2), V(1)));
  }
  SMOOTHACT_FN Sum<V> denominator(Sum<V> w) const {
    return (w * select(negative, V(1), V(2)) + V(2)) * w + select(negative, V(2), V(1));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
