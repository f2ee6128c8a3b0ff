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
  SMOOTHACT_FN V gate_slope(V x) const {
    const math::Exponential<V> e(a);
    const V u = clamp(x, -tail<V>, tail<V>);
    const V w = e.beside_one(), d = denominator(w), r = reciprocal(d);
    const V u0 = u + 1, u1 = u + V(1.5);
    const V numerator =
        fma(w, fma(w, fma(w, select(negative, V(1), u0), select(negative, V(4), u1)), select(negative, 4 * u1, V(1))),
            select(negative, 4 * u0, V(0.25)));
    const V q = numerator * r * r;
    if constexpr (!math::keeps_errors<V>) return select(negative, e.times(q), q).value();
    const V slope = fma(q, 2 * error(w, d, r), q);
    return select(negative, e.times(slope), slope).value();
  }
  // 2H' + xH'' = 8eN/D^3 left of 0, weN/D^3 right of it, N a cubic in e whose coefficients trade places there: each is
  // exact, or nearly so, where it meets another's sign.
  SMOOTHACT_FN V gate_curvature(V x) const {
    const math::Exponential<V> e(a);
    const V w = e.scaled().value(), d = denominator(w), r = reciprocal(d);
    const V u = clamp(x, -tail<V>, tail<V>), p0 = 1 - u, p1 = fma(V(-1.5), u, V(3)), p2 = u + 4, p3 = u + 2;
    const V cubic = fma(w, fma(w, fma(w, select(negative, p0, p3), select(negative, p1, p2)), select(negative, p2, p1)),
                        select(negative, p3, p0));
    const Sum<V> inverse{r, r * error(w, d, r)};
    return e.times(math::product(cubic, select(negative, V(8), w)) * (inverse * inverse * inverse)).value();
  }

  SMOOTHACT_FN Scaled<V> value() const {
    const Parts p(*this);
    const V q = quotient(select(negative, p.x.m * (p.e + V(2)), p.e * p.e), p.d);
    return select(negative, Scaled<V>{q, p.x.n}, 1 - q);
  }
  // 4e(1 + e)/D^2 left of 0, e^2 (1 + e)/D^2 right of it
  SMOOTHACT_FN Scaled<V> slope() const {
    const Parts p(*this);
    return {quotient(p.x.m * one_plus(p.e) * p.other(4, p.e), p.d * p.d), p.x.n};
  }
  // bH'', H'' = 4e(2 + 2e - 3e^2 - 2e^3)/D^3 left of 0, e^2/2 (-2 - 3e + 2e^2 + 2e^3)/D^3 right of it: near 0 by powers
  // of e - 1, where the signs agree.
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    const Parts p(*this);
    const auto near = V(0.5) < p.e.hi;
    const auto of = [&](double left, double right, double left_near, double right_near) {
      return select(near, select(negative, V(left_near), V(right_near)), select(negative, V(left), V(right)));
    };
    const Sum<V> y = select(near, p.x.em1, p.e);
    const Sum<V> n = y * (y * (y * of(-2, 2, -2, 2) + of(-3, 2, -9, 8)) + of(2, -3, -10, 7)) + of(2, -2, -1, -1);
    return {quotient(b * (p.x.m * n * p.other(4, p.e * V(0.5))), p.d * p.d * p.d), p.x.n};
  }

 private:
  // With the last roundings kept.
  struct Parts {
    math::ExpExpm1<V> x;
    Sum<V> e, d;
    typename V::Mask negative;
    SMOOTHACT_FN explicit Parts(const MishGate& g)
        : x(exp_expm1(g.a)), e(x.value()), d(e * (e + g.c()) + g.h()), negative(g.negative) {}
    SMOOTHACT_FN Sum<V> other(double left, Sum<V> right) const { return select(negative, Sum<V>{V(left), 0}, right); }
  };
  SMOOTHACT_FN V c() const { return select(negative, V(2), V(1)); }
  SMOOTHACT_FN V h() const { return select(negative, V(2), V(0.5)); }
  SMOOTHACT_FN V denominator(V w) const { return fma(w, w + c(), h()); }
  // of r = 1/d
  SMOOTHACT_FN V error(V w, V d, V r) const {
    const V inner = w + c(), lost = fma(w, inner, h() - d) + w * (w - (inner - c()));
    return fma(-d, r, V(1)) - lost * r;
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
