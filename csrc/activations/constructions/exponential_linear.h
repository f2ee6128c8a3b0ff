// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/argument.h"
#include "../../math/exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// scale (exp(x) - 1) left of 0, slope x right of it.
struct ExponentialLinear {
  math::Constant scale, slope;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x > 0, V(slope) * x, scaled(copysign(exp_expm1(min(V(0), x)).em1, x)));
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
    using T = typename V::scalar;
    return fma(V(scale.template leading<T>()), y, V(scale.template trailing<T>()) * y);  // -0 stays
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
