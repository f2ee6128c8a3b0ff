// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// exp(min(x, 0)), 0 included
template <class V>
SMOOTHACT_FN math::Exponential<V> nonpositive_exponential(V x) {
  return math::Exponential<V>(clamp(x, -math::Format<typename V::scalar>::tail, 0));
}

// exp(x) - 1 left of 0, x right of it. The larger of the two: exp(0) - 1 is 0.
struct UnitExponentialLinear {
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return max(nonpositive_exponential(x).minus_one(), x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return nonpositive_exponential(x).scaled().value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(x > 0, V(0), df(x));
  }
};

// scale (exp(x) - 1) left of 0, slope x right of it.
struct ExponentialLinear {
  math::Constant scale, slope;

  template <class Use>
  void specialise(const Use& use) const {
    if (equals(scale, 1) && equals(slope, 1)) return use(UnitExponentialLinear{});
    use(*this);
  }

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x < 0, scaled(nonpositive_exponential(x).minus_one()), V(slope) * x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x > 0, V(slope), decay(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(x > 0, V(0), decay(x));
  }

 private:
  template <class V>
  SMOOTHACT_FN V scaled(V y) const {
    return fma(V(scale.trailing<typename V::scalar>()), y, V(scale) * y);
  }
  template <class V>
  SMOOTHACT_FN V decay(V x) const {
    auto e = nonpositive_exponential(x).scaled();
    e.m = scaled(e.m);
    return e.value();
  }
};

// scale (exp(x/width) - 1) left of 0, the line of the same slope right of it and where the curve is that line.
struct SmoothExponentialLinear {
  Constant scale, width, slope, curvature;
  Linear warp;
  SMOOTHACT_FN constexpr SmoothExponentialLinear(Constant scale, Constant width)
      : scale(scale), width(width), slope(scale / width), curvature(slope / width), warp{reciprocal(width)} {}

  template <class Use>
  void specialise(const Use& use) const {
    if (equals(scale, 1) && equals(width, 1)) return use(UnitExponentialLinear{});
    use(*this);
  }

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    constexpr double straight = sizeof(typename V::scalar) == 4 ? 0x1p-26 : 0x1p-55;
    const V y = exponential(x).minus_one(), curve = fma(V(scale.trailing<typename V::scalar>()), y, V(scale) * y);
    return select(x < V(width) * -straight, curve, V(slope) * x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x > 0, V(slope), exponential(x).times(V(slope)).value());
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(x > 0, V(0), exponential(x).times(V(curvature)).value());
  }

 private:
  template <class V>
  SMOOTHACT_FN math::Exponential<V> exponential(V x) const {
    return math::Exponential<V>(warp.below(x));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
