// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/sum.h"
#include "warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// 0, and NaN of NaN
template <class V>
SMOOTHACT_FN V flat(V x) {
  return select(is_nan(x), x, V(0));
}

// x, held between two bounds. At the bounds themselves it is flat, as torch's.
struct Clamp {
  Constant low, high;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return min(V(high), max(V(low), x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return between(x, V(1));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return flat(x);
  }

  template <class V>
  SMOOTHACT_FN typename V::Mask holds(V x) const {
    return (V(low) < x) & (x < V(high));
  }
  // y between the bounds, 0 outside
  template <class V>
  SMOOTHACT_FN V between(V x, V y) const {
    return select(holds(x), y, flat(x));
  }
};

// The step that rises on a line from 0 at `low` to 1 at `high`.
struct Ramp {
  Clamp bounds;
  Constant width, slope, floor, ceiling;  // beyond floor and ceiling it is 0 or 1 in any case
  SMOOTHACT_FN constexpr Ramp(Constant low, Constant high)
      : bounds{low, high},
        width(high - low),
        slope(reciprocal(width)),
        floor(bound(low - width)),
        ceiling(bound(high + width)) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return math::clamp(rise(x).value(), 0, 1);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return bounds.between(x, V(slope));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return flat(x);
  }

  // The line. Near its root the sum is exact and what the bound has beside its leading term counts.
  template <class V>
  SMOOTHACT_FN Sum<V> rise(V x) const {
    using T = typename V::scalar;
    const Sum<V> s = math::two_sum(min(V(ceiling), max(V(floor), x)), -V(bounds.low));
    return Sum<V>{s.hi, s.lo + -V(bounds.low.trailing<T>())} * Sum<V>{V(slope), V(slope.trailing<T>())};
  }
  // The same of -|x|, for products: of a line next to its root either term is as large.
  template <class V>
  SMOOTHACT_FN Sum<V> mirrored(V x) const {
    const Sum<V> q = rise(minus_abs(x));
    return math::two_sum(q.hi, V(q.lo));
  }
};

// x times a ramp that reaches 1 at `high`.
struct RampGate {
  Ramp ramp;
  Constant curvature, constant;
  SMOOTHACT_FN constexpr RampGate(Constant low, Constant high)
      : ramp(low, high), curvature(Constant(2) * ramp.slope), constant(-low * ramp.slope) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x < V(ramp.bounds.high), max(V(ramp.bounds.low), x) * ramp.f(x), x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(ramp.bounds.holds(x), fma(V(curvature), x, V(constant)), ramp.f(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return ramp.bounds.between(x, V(curvature));
  }
};

// The integral of the ramp from -w to w: max(0, x), and a parabola in between that decays on both sides.
struct RampIntegral {
  Ramp ramp;
  SMOOTHACT_FN constexpr explicit RampIntegral(Constant w) : ramp(-w, w) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Constant& w = ramp.bounds.high;
    const Sum<V> q = ramp.mirrored(x), excess = q * q * Sum<V>{V(w), V(w.trailing<typename V::scalar>())};
    return max(V(0), x) + ramp.bounds.between(x, excess.value());
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return ramp.f(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return ramp.df(x);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
