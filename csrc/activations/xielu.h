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
  };
  Constant p, n, beta, line, overflow;  // line: beta - alpha_n
  SMOOTHACT_FN constexpr Xielu(Constant p, Constant n, Constant beta)
      : p(p), n(n), beta(beta), line(beta - n), overflow(1 / (p.value < 1 ? 1 : p.value)) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Sum<V> steep = product(p, near(x)) + math::in_full<V>(beta);
    const V right = x * (steep.hi + steep.lo);
    const V t = clamp(x, -reach, 0), u = max(V(-0.34), t);
    const Sum<V> inner = math::in_full<V>(n) * (math::square(u) * math::detail::expm1_minus_tail(u)) + product(beta, u);
    const Sum<V> outer = math::in_full<V>(n) * exp_expm1(t).em1 + product(line, t);
    const Sum<V> left = select(x < u, outer, inner);
    const V straight = line.value == 0 ? V(0) : V(line) * x;
    return select(x > 0, right, select(x < -reach, straight - V(n), left.hi + left.lo));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const V t = near(x);
    const Sum<V> steep = product(p, t) * V(2) + math::in_full<V>(beta);
    const Sum<V> left = math::in_full<V>(n) * exp_expm1(min(V(0), x)).em1 + math::in_full<V>(beta);
    return select(x > 0, select(t < x, 2 * V(p) * x, steep.hi + steep.lo), left.hi + left.lo);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto e = exp_expm1(min(V(0), x));
    return select(x > 0, 2 * V(p), (e.e() * math::in_full<V>(n)).value());
  }

 private:
  static constexpr double reach = 100;  // e^-reach is nothing beside 1

  // x where alpha_p x^2 is a number
  template <class V>
  SMOOTHACT_FN V near(V x) const {
    return min(V(sizeof(typename V::scalar) == 4 ? 1e37 : 1e307) * V(overflow), max(V(0), x));
  }
};
inline constexpr Function<Xielu> xielu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
