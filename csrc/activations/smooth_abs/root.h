// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/argument.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// A(x) = sqrt(x^2 + b), the Charbonnier |x|. What remains of A - |x| and 1 - |A'| after their cancellation is b over
// a sum; x^2 is formed at a scale where it does not overflow.
struct RootAbs {
  math::Constant b;

  // A - |x| = b/(A + |x|)
  template <class V>
  SMOOTHACT_FN V excess(V x) const {
    const Scaling<V> s(*this, x);
    return s.over(s.root + s.x) * s.scale;
  }
  // 1 - |A'| = (A - |x|)/A
  template <class V>
  SMOOTHACT_FN V slope_defect(V x) const {
    const Scaling<V> s(*this, x);
    const V defect = s.over(s.root * (s.root + s.x)) * s.scale * s.scale;
    return select(s.root <= 0, V(1), defect);
  }
  // A'' = b/A^3
  template <class V>
  SMOOTHACT_FN V curvature(V x) const {
    const Scaling<V> s(*this, x);
    return s.over(s.square * s.root) * s.scale * s.scale * s.scale;
  }

 private:
  template <class V>
  struct Scaling {
    static constexpr bool single = sizeof(typename V::scalar) == 4;
    math::Constant b;
    V scale, x, square, root;

    SMOOTHACT_FN Scaling(const RootAbs& a, V v)
        : b(a.b),
          scale(select(V(single ? 0x1p60 : 0x1p500) < abs(v), V(single ? 0x1p-70 : 0x1p-600), V(1))),
          x(abs(v) * scale),
          square(fma(x, x, V(b) * scale * scale)),
          root(sqrt(square)) {}
    SMOOTHACT_FN V over(V denominator) const {
      const auto q = product(b, 1 / max(V(single ? 0x1p-126 : 0x1p-1022), denominator));
      return q.hi + q.lo;
    }
  };
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
