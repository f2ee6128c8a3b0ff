// SPDX-License-Identifier: Apache-2.0
// Sums of what f gains with each parameter. Compiled once per instruction set and shard of the list, in double whatever
// the input: no error term is worth keeping, and one loop serves every type.
#define SMOOTHACT_LEARNED "sloped_constant.h"
// clang-format off
#include "../math/sloped.h"
#include "../activations.h"
// clang-format on
#include "registry.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace {

using Register = math::Simd<double, math::native::register_bytes / sizeof(double), math::float_digits>;

template <class A, int K>
A activation(const double* parameters) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return A{math::Constant::parameter(parameters[I], static_cast<int>(I))...};
  }
  (std::make_index_sequence<K>{});
}

// What f gains at x. Taken at finite x only: a slope of 0 must not meet an infinity.
template <int K, class A, class V>
SMOOTHACT_FN math::Slopes<V, K> slopes_at(const A& a, V x) {
  constexpr double end = 1e300;
  const auto infinite = V(end) < abs(x);
  return math::each_slope<V, K>(
      [=](V s) {
        const V grown = select(V(end * 1e-10) < abs(s), copysign(V(infinity), s), s);
        return select(is_nan(x), x, select(infinite, grown, s));
      },
      a.f(math::Sloped<V, K>(clamp(x, -end, end))).slopes);
}

template <class A, class V, int K>
SMOOTHACT_FN void add(math::Slopes<V, K>& totals, const A& a, const double* grad, const double* x) {
  V at, g;
  std::memcpy(&at.v, x, sizeof(at.v));
  std::memcpy(&g.v, grad, sizeof(g.v));
  totals = math::each_slope<V, K>([&](V t, V s) { return fma(g, s, t); }, totals, slopes_at<K>(a, at));
}

template <class A>
void sum_slopes(const double* parameters, const double* grad, const double* x, int64_t count, double* sums) {
  using V = Register;
  constexpr int K = A::descriptor.parameters.size;
  const A a = activation<A, K>(parameters);
  math::Slopes<V, K> even = math::make_slopes<V, K>([](int) { return V(0); }), odd = even;
  for (int64_t i = 0; i < count; i += 2 * V::lanes) {
    add(even, a, grad + i, x + i);
    add(odd, a, grad + i + V::lanes, x + i + V::lanes);
  }
  even = math::each_slope<V, K>([](V s, V t) { return s + t; }, even, odd);
  math::use_slopes(even, [&](V t, int k) {
    double lanes[V::lanes];
    std::memcpy(lanes, &t.v, sizeof(lanes));
    sums[k] = 0;
    for (double lane : lanes) sums[k] += lane;
  });
}

const bool added = [] {
  Activations::for_each([]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD && A::descriptor.parameters.size > 0)
      cpu::add_slopes(cpu::Isa::SMOOTHACT_INSTRUCTIONS, I, &sum_slopes<A>);
  });
  return true;
}();

}  // namespace
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
