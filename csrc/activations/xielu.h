// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/exp_extended.h"
#include "constructions/warp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// Left of 0, alpha_n (e^x - 1 - x) + beta x around 0, alpha_n (e^x - 1) + (beta - alpha_n) x beyond.
struct Xielu {
  static constexpr Descriptor descriptor{
      .name = "xielu",
      .module = "XIELU",
      .kind = Kind::piecewise,
      .parameters = {{"alpha_p", 0.8, Domain::positive}, {"alpha_n", 0.8, Domain::positive}, {"beta", 0.5}},
      .definition = "where(x > 0, alpha_p * x**2, alpha_n * (exp(x) - 1 - x)) + beta * x",
      .source = "Huang & Schlag 2024, arXiv:2411.13010",
      .limits = {infinity, infinity},
      .slopes = {-0.30000000000000004, infinity},
      .smoothness = 1,
      .in_double = true,
  };
  Constant p, n, beta, line;  // line: beta - alpha_n
  SMOOTHACT_FN constexpr Xielu(Constant p, Constant n, Constant beta) : p(p), n(n), beta(beta), line(beta - n) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const V t = near(x);
    const Sum<V> steep = product(p, t) + math::in_full<V>(beta);
    const V right = x * select(t < x, fma(V(p), x, V(beta)), steep.hi + steep.lo);
    const Left<V> l(x);
    const Sum<V> scale = math::in_full<V>(n), inner = scale * l.rest + product(beta, l.inner);
    const Sum<V> left = select(l.close, inner, scale * l.outer + product(line, l.x));
    const V straight = equals(line, 0) ? V(0) : V(line) * x;
    const V value = select(x < -reach, straight - V(n), left.hi + left.lo);
    return select(x > 0, right, select(x < 0, value, x));  // -0 stays
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const V t = near(x);
    const Left<V> l(x);
    const Sum<V> scale = math::in_full<V>(n), shift = math::in_full<V>(beta);
    const Sum<V> steep = product(p, t) * V(2) + shift, left = scale * select(l.close, l.em1, l.outer) + shift;
    return select(x > 0, select(t < x, 2 * fma(V(p), x, V(0.5) * V(beta)), steep.hi + steep.lo), left.hi + left.lo);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto e = exp_expm1(min(V(0), x));
    return select(x > 0, 2 * V(p), (e.e() * math::in_full<V>(n)).value());
  }

 private:
  static constexpr double reach = 100;  // e^-reach is nothing beside 1

  // x where alpha_p x has an error term
  template <class V>
  static SMOOTHACT_FN V near(V x) {
    return clamp(x, 0, sizeof(typename V::scalar) == 4 ? 1e20 : 1e200);
  }

  // e^x - 1 and e^x - 1 - x around 0 from those of x/4: neither doubling cancels.
  template <class V>
  struct Left {
    V x, inner;
    typename V::Mask close;
    Sum<V> outer, em1, rest;

    SMOOTHACT_FN explicit Left(V at)
        : x(clamp(at, -reach, 0)), inner(max(V(-1.38), x)), close(inner <= x), outer(exp_expm1(x).em1) {
      const V y = V(0.25) * inner;
      rest = math::square(y) * math::detail::expm1_minus_tail(y);
      em1 = rest + y;
      for (int i = 0; i < 2; ++i) {
        rest = em1 * em1 + rest * V(2);
        em1 = em1 * V(2) + em1 * em1;
      }
      rest = select(V(-0x1p-60) < x, Sum<V>{V(0.5) * x * x, 0}, rest);  // the square of a quarter may be subnormal
    }
  };
};
inline constexpr Function<Xielu> xielu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
