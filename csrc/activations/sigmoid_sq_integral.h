// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/exp.h"
#include "../math/log.h"
#include "../math/polynomial.h"
#include "constructions/warp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of the squared logistic step, softplus - H. With e = exp(-|x|) and y = e/(2 + e), log(1 + e) is 2 atanh
// y: s = e^2/((1 + e)(2 + e)) + 2y^3 (...) left of 0, and x - tanh(x/2) more right of it, all of one sign.
struct SigmoidSqIntegral {
  static constexpr Descriptor descriptor{
      .name = "sigmoid_sq_integral",
      .module = "SigmoidSqIntegral",
      .kind = Kind::smooth_relu,
      .definition = "log(1 + exp(x)) - 1 / (1 + exp(-x))",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.19314718055994531,
  };

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Parts<V> p(x);
    const Sum<V> two = p.e + V(2);
    const V r = reciprocal(two.hi), y = p.e.hi * r;
    const V square = quotient(p.x.m * p.e, p.d * two);
    const V s = Scaled<V>{fma(p.x.m.hi * p.e.hi, 2 * r * r * y * remainder(y * y), square), p.x.n}.value();
    const V t = min(V(reach), abs(x));
    const V right = s + quotient(p.d * t + p.x.em1, p.d);
    return select(x < 0, s, select(x < reach, right, x - 1));
  }
  // H^2
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Parts<V> p(x);
    const auto left = x < 0;
    const V q = quotient(select(left, p.x.m * p.e, Sum<V>{V(1), 0}), p.d * p.d);
    return select(left, Scaled<V>{q, p.x.n}.value(), q);
  }
  // 2H^2 (1 - H)
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Parts<V> p(x);
    const Sum<V> n = select(x < 0, p.x.m * p.e, p.x.m) * V(2);
    return Scaled<V>{quotient(n, p.d * p.d * p.d), p.x.n}.value();
  }

 private:
  static constexpr double reach = 100;  // from here on, f = x - 1

  template <class V>
  struct Parts {
    math::ExpExpm1<V> x;
    Sum<V> e, d;
    SMOOTHACT_FN explicit Parts(V at) : x(exp_expm1(minus_abs(at))), e(x.value()), d(one_plus(e)) {}
  };
  // atanh y = y + y^3 times this of y^2; tools/fit/hyperbolic.py
  template <class V>
  static SMOOTHACT_FN V remainder(V u) {
    if constexpr (math::coarse<V>)
      return math::polynomial(u, 0x1.555aeap-2, 0x1.969f24p-3, 0x1.573206p-3);
    else if constexpr (sizeof(typename V::scalar) == 4)
      return math::polynomial(u, 0x1.55552ap-2, 0x1.99c1p-3, 0x1.1fc276p-3, 0x1.1a1882p-3);
    else
      return math::polynomial(u, 0x1.555555555554dp-2, 0x1.999999999c499p-3, 0x1.249249228d63ap-3, 0x1.c71c732a14803p-4,
                              0x1.745cd47011518p-4, 0x1.3b1b3b82e42dep-4, 0x1.10894a35dc3a1p-4, 0x1.edd427e44011bp-5,
                              0x1.5e45a6377d3b6p-5, 0x1.54b87c25a46f7p-4);
  }
};
inline constexpr Function<SigmoidSqIntegral> sigmoid_sq_integral{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
