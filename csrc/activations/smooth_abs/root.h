// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// A(x) = sqrt(x^2 + b), the Charbonnier |x|. What remains of A - |x| and 1 - |A'| after their cancellation is b over
// a sum. With b = 4^e B and u = |x|/2^e, A = 2^e sqrt(u^2 + B); e is such that no power of u or B that counts leaves
// the range of T.
struct RootAbs {
  SMOOTHACT_FN constexpr explicit RootAbs(math::Constant b) : single(b, 0x1p-44), wide(b, 0x1p-102) {}

  // (A - |x|)/2 = b/2 / (A + |x|), the sum with its error
  template <class V>
  SMOOTHACT_FN V half_excess(V x) const {
    const Root<V> r(*this, x);
    const math::Sum<V> sum = math::add(r.root, r.u);
    const V q = V(r.a.numerator) / max(V(r.smallest), sum.hi), e = fma(q * -q, V(r.a.denominator) * sum.lo, q);
    return select(V(r.largest) < abs(x), V(0), e);
  }
  // 1 - |A'| = (A - |x|)/A
  template <class V>
  SMOOTHACT_FN V slope_defect(V x) const {
    const Root<V> r(*this, x);
    const V shrink = r.shrink, u = r.u * shrink;
    const V defect = r.over({fma(u, r.root, fma(u, r.u, V(r.a.b) * shrink)), 0}) * shrink;
    return select(abs(x) + V(r.a.b) <= 0, V(1), defect);
  }
  // A'' = b/A^3
  template <class V>
  SMOOTHACT_FN V curvature(V x) const {
    const Root<V> r(*this, x);
    const V shrink = V(r.shrink) * min(V(1), V(r.a.scale));
    return r.over({r.square * (r.root * shrink), 0}) * (shrink * V(r.a.inverse));
  }

 private:
  struct Normalised {
    math::Constant scale, inverse, b;       // 2^e, 2^-e, B
    math::Constant numerator, denominator;  // of the half excess: 2^e B/2, and its inverse

    // u and A are an eighth at most: the reciprocal of their sum must be a normal number.
    SMOOTHACT_FN constexpr Normalised(math::Constant b, double least)
        : scale(select(b < least, select(b <= 0, math::Constant(8), quadruple_root(b)),
                       select(b < 16, math::Constant(8), quadruple_root(b)))),
          inverse(reciprocal(scale)),
          b(b * inverse * inverse),
          numerator(this->b * scale * math::Constant(0.5)),
          denominator(select(b <= 0, math::Constant(0), reciprocal(numerator))) {}
  };
  Normalised single, wide;

  template <class V>
  struct Root {
    using T = typename V::scalar;
    static constexpr double shrink = sizeof(T) == 4 ? 0x1p-50 : 0x1p-100;
    static constexpr double smallest = sizeof(T) == 4 ? 0x1p-126 : 0x1p-1022, largest = math::Format<T>::largest;
    const Normalised& a;
    V u, square, root;

    // Where u is large, A = |x|; where u^2 vanishes, it does so beside B, or is A itself.
    SMOOTHACT_FN Root(const RootAbs& abs_, V x)
        : a(sizeof(T) == 4 ? abs_.single : abs_.wide),
          u(min(V(largest / 4), abs(x) * V(a.inverse))),
          square(fma(u, u, V(a.b))),
          root(max(u, sqrt(min(V(largest), square)))) {}
    SMOOTHACT_FN V over(math::Sum<V> denominator) const {
      const math::Sum<V> b{V(a.b), V(a.b.template trailing<T>())};
      return quotient(b, math::Sum<V>{clamp(denominator.hi, smallest, 1 / smallest), denominator.lo});
    }
  };
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
