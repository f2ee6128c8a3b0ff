// SPDX-License-Identifier: Apache-2.0
// Sums of what f gains with each parameter. Compiled once per instruction set and shard of the list, in double whatever
// the input: no error term is worth keeping, and one loop serves every type.
#define SMOOTHACT_LEARNED "sloped_constant.h"
// clang-format off
#include "../math/sloped.h"
#include "../kernels/learnable.h"
// clang-format on
#include "../kernels/slopes.h"

#include "registry.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace {

using Register = math::Simd<double, math::native::register_bytes / sizeof(double), math::float_digits>;

template <class A, class V, int K>
SMOOTHACT_FN void add(math::Slopes<V, K>& totals, const A& a, const double* grad, const double* x) {
  V at, g;
  std::memcpy(&at.v, x, sizeof(at.v));
  std::memcpy(&g.v, grad, sizeof(g.v));
  totals = math::each_slope<V, K>([&](V t, V s) { return fma(g, s, t); }, totals, slopes_at(a, at));
}

template <class A>
void sum_slopes(const double* parameters, const double* grad, const double* x, int64_t count, double* sums) {
  using V = Register;
  constexpr int K = parameters_of<A>;
  const A a = sloped_activation<A>(parameters);
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

const bool added =
    for_each_learnable([]<class A, int I>() { cpu::add_slopes(cpu::Isa::SMOOTHACT_INSTRUCTIONS, I, &sum_slopes<A>); });

}  // namespace
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
