// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/exp.h"
#include "../constructions/warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = tanh(softplus(z)) as a rational function of e = exp(-|z|) <= 1. The textbook's exp(4z) overflows single
// precision at z = 22. Both sides share D = e (e + c) + h: H = e(e + 2)/D, D = e(e + 2) + 2, left of 0, and
// H = 1 - e^2/D, D = e(e + 1) + 1/2, right of it.
template <class V, class Z>
struct MishGate {
  Z a;
  typename V::Mask negative;

  SMOOTHACT_FN explicit MishGate(Z z) : a(below_zero(z)), negative(leading(z) < 0) {}

  // xH = max(0, x) - y, y = b (1 - e(1 + e)/D) left of 0, y = b e/D right of it, b = |x|e: where e is small, neither
  // has an error but its last rounding.
  SMOOTHACT_FN V gate(V x) const {
    const math::Exponential<V> e(a);
    const Scaled<V> b = e.times(min(V(tail<V>), abs(x)));
    const V w = e.beside_one(), s = fma(w, w, w), d = s + select(negative, w + 2, V(0.5));
    const Scaled<V> y{fma(b.m, select(negative, -s, w) / d, select(negative, b.m, V(0))), b.n};
    return max(V(-0.0), x) - y.value();
  }
  // H + uH', expanded so that u + 1 is exact before anything is added to it; 1/D^2 with its error.
  SMOOTHACT_FN V gate_slope(V u) const {
    const math::Exponential<V> e(a);
    const V w = e.beside_one(), d = denominator(w), r = reciprocal(d);
    const V u0 = u + 1, u1 = u + V(1.5);
    const V numerator =
        fma(w, fma(w, fma(w, select(negative, V(1), u0), select(negative, V(4), u1)), select(negative, 4 * u1, V(1))),
            select(negative, 4 * u0, V(0.25)));
    const V q = numerator * r * r;
    if constexpr (!math::keeps_errors<V>) return select(negative, e.times(q), q).value();
    const V inner = w + c(), lost = fma(w, inner, h() - d) + w * (w - (inner - c()));
    const V error = fma(-d, r, V(1)) - lost * r, slope = fma(q, 2 * error, q);
    return select(negative, e.times(slope), slope).value();
  }
  // aH' + bH''
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U a_, U b) const {
    const auto x = exp_expm1(a);
    const Sum<V> w = x.value();
    const Sum<V> d = (w * select(negative, V(1), V(2)) + V(2)) * w + select(negative, V(2), V(1));
    const Sum<V> cubic =
        ((w * select(negative, V(-2), V(2)) + select(negative, V(-3), V(2))) * w + select(negative, V(2), V(-3))) * w +
        select(negative, V(2), V(-2));
    const Sum<V> numerator = b * cubic + a_ * (one_plus(w) * d);
    return {quotient(x.m * numerator * select(negative, V(4), 4 * w.hi), d * d * d), x.n};
  }

 private:
  SMOOTHACT_FN V c() const { return select(negative, V(2), V(1)); }
  SMOOTHACT_FN V h() const { return select(negative, V(2), V(0.5)); }
  SMOOTHACT_FN V denominator(V w) const { return fma(w, w + c(), h()); }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
