// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Tanhshrink {
  static constexpr Descriptor descriptor{
      .name = "tanhshrink",
      .module = "Tanhshrink",
      .kind = Kind::piecewise,
      .definition = "x - tanh(x)",
      .limits = {-infinity, infinity},
      .slopes = {1, 1},
      .in_double = true,
  };

  // x^3/d(x^2) around 0, d all but linear; (|x| - 1) + 2H(-2|x|) beyond 1.
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V t = abs(x), near = min(V(1), t), u = near * near;
    const V far = (t - 1) + (math::logistic<V>(sign.warp.below(x)) * V(2)).value();
    return copysign(select(t < 1, near * (u / divisor(u)), far), x);
  }
  // tanh^2
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = exp_expm1(sign.warp.below(x));
    const Sum<V> d = one_plus(p.value());
    return quotient(p.em1 * p.em1, d * d);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return -sign.d2f(x);
  }

 private:
  Sign<Logistic, Shift> sign{{{{2}}}};

  // tools/fit/hyperbolic.py
  template <class V>
  static SMOOTHACT_FN V divisor(V u) {
    if constexpr (math::coarse<V>)
      return math::polynomial(u, 0x1.800032p1, 0x1.332b34p0, -0x1.5f900ap-8);
    else if constexpr (sizeof(typename V::scalar) == 4)
      return math::polynomial(u, 0x1.8p1, 0x1.333314p0, -0x1.75b64cp-8, 0x1.e76a18p-13);
    else
      return math::polynomial(u, 0x1.8p1, 0x1.333333333332ap0, -0x1.767dce433725dp-8, 0x1.0a4e15773e283p-12,
                              -0x1.997caf13e70bdp-17, 0x1.4173fbb9255e7p-21, -0x1.fb848e8c2b7adp-26,
                              0x1.8b55184472499p-30, -0x1.00f8e32f73072p-34);
  }
};
inline constexpr Function<Tanhshrink> tanhshrink{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
