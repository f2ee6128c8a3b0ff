// SPDX-License-Identifier: Apache-2.0
// What f gains with each parameter, where Constant is that of sloped_constant.h.
#pragma once

#include <utility>

#include "../activations/descriptor.h"
#include "../math/sloped.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <class A>
inline constexpr int parameters_of = A::descriptor.parameters.size;

template <class A>
SMOOTHACT_FN A sloped_activation(const double* parameters) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return A{math::Constant::parameter(parameters[I], static_cast<int>(I))...};
  }
  (std::make_index_sequence<parameters_of<A>>{});
}

// Slopes are taken at finite x only: one of 0 must not meet an infinity.
template <class V>
inline constexpr double farthest = sizeof(typename V::scalar) == 4 ? 1e38 : 1e300;

template <class A, class V>
SMOOTHACT_FN math::Slopes<V, parameters_of<A>> slopes_at(const A& a, V x) {
  constexpr int K = parameters_of<A>;
  constexpr double end = farthest<V>;
  const auto infinite = V(end) < abs(x);
  return math::each_slope<V, K>(
      [=](V s) {
        const V grown = select(V(end * 1e-10) < abs(s), copysign(V(infinity), s), s);
        return select(is_nan(x), x, select(infinite, grown, s));
      },
      a.f(math::Sloped<V, K>(clamp(x, -end, end))).slopes);
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
