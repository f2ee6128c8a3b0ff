// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/exp.h"
#include "../../math/sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// scale (exp(x) - 1) left of 0, slope x right of it.
struct ExponentialLinear {
  math::Constant scale, slope;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x < 0, scaled(exp_expm1(min(V(0), x)).em1.hi), V(slope) * x);
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
    const auto p = product(scale, y);
    return p.hi + p.lo;
  }
  template <class V>
  SMOOTHACT_FN V decay(V x) const {
    auto e = exp_scaled(min(V(0), x));
    e.m = scaled(e.m);
    return e.value();
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
