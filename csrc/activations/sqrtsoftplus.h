// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/log.h"
#include "constructions/warp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// With e = exp(-|x|), h = sqrt(e) and q = log(1 + e)/e: left of 0, h sqrt(q) has digits where e has none.
struct SqrtSoftplus {
  static constexpr Descriptor descriptor{
      .name = "sqrtsoftplus",
      .module = "SqrtSoftplus",
      .kind = Kind::smooth_relu,
      .definition = "sqrt(log1p(exp(x)))",
      .limits = {0, infinity},
      .slopes = {0, 0},
      .at_zero = 0.8325546111576978,
      .in_double = true,
  };

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Parts<V> p(x);
    return p.choose(p.root, {V(1), 0}, sqrt(p.far), x);
  }
  // h/(2 (1 + e) sqrt(q)), and 1/(2 (1 + e) f)
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Parts<V> p(x);
    return p.choose({V(0.5), 0}, p.d * p.root, V(0.5) / sqrt(p.far), V(0));
  }
  // h (2q - 1)/(4 (1 + e)^2 q sqrt(q)), and (2e f^2 - 1)/(4 (1 + e)^2 f^3)
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Parts<V> p(x);
    const Sum<V> n = select(p.negative, p.square, p.e * p.square) * V(2) + V(-1);
    return p.choose(n * V(0.25), p.d * p.d * (p.square * p.root), V(-0.25) / sqrt(p.far) / p.far, V(0));
  }

 private:
  static constexpr double reach = 100;  // from here on, f^2 = x

  template <class V>
  struct Parts {
    static constexpr double largest = math::Format<typename V::scalar>::largest;
    V x, far;
    typename V::Mask negative;
    math::ExpExpm1<V> h;
    Sum<V> e, d, square, root;  // square: q left of 0, f^2 right of it

    SMOOTHACT_FN explicit Parts(V x)
        : x(x), far(min(V(largest), max(V(reach), x))), negative(x < 0), h(exp_expm1(min(V(0.5) * x, -x))) {
      const Sum<V> value = h.value();
      e = select(negative, value * value, value);
      d = one_plus(e);
      const V p = e.hi * math::detail::log1p_tail(e.hi);
      square = select(negative, one_plus(p), e + min(V(reach), abs(x)) + e * p);
      const V r = sqrt(square.hi);
      root = {r, (fma(-r, r, square.hi) + square.lo) * (V(0.5) / r)};
    }
    // h n/d left of 0, n/d right of it, or what is the same there
    SMOOTHACT_FN V choose(Sum<V> n, Sum<V> d, V beyond, V limit) const {
      const V y = quotient(select(negative, n * h.m, n), d);
      return select(negative, Scaled<V>{y, h.n}.value(), select(x < reach, y, select(V(largest) < x, limit, beyond)));
    }
  };
};
inline constexpr Function<SqrtSoftplus> sqrtsoftplus{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
