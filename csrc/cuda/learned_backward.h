// SPDX-License-Identifier: Apache-2.0
// The derivatives of f by x and by parameters in memory, in one pass. In double whatever the input: no error term is
// worth keeping then, and sums of many numbers are exact.
#pragma once

#include <limits>

#include "../kernels/slopes.h"
#include "learned_walk.h"

namespace smoothact::cuda {

template <class A>
struct LearnedBackward {
  static constexpr int K = parameters_of<A>;
  using V = math::Simd<double, 1, math::float_digits>;
  using Slopes = math::Slopes<V, K>;

  struct Shared {
    LearnedColumns<A> columns;
    double sums[K][LearnedGrid::threads];
  };

  static SMOOTHACT_FN void construct(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    shared.columns.construct(plan, block, thread, [](const double* p) { return sloped_activation<A>(p); });
  }
  // The thread's elements; its sums into shared memory.
  static SMOOTHACT_FN void pass(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const LearnedPlace place(plan, block, thread);
    const A& a = shared.columns[place.lane];
    const bool valid = !place.nothing() && shared.columns.valid[place.lane];
    Slopes totals = math::make_slopes<V, K>([](int) { return V(0); });
    place.template walk<1>(plan.grid, [&](const auto& at, int) {
      const V x = load_value(plan.dtype, plan.self, at[0]), grad = load_value(plan.dtype, plan.grad, at[0]);
      const V y = grad * slope_at(a, x);
      totals = math::each_slope<V, K>([&](V t, V s) { return fma(grad, s, t); }, totals, slopes_at(a, x));
      if (plan.out) store_value(plan.dtype, plan.out, at[0], valid ? y.v : nan);
    });
    math::use_slopes(totals, [&](V t, int k) { shared.sums[k][thread] = valid || place.nothing() ? t.v : nan; });
  }
  // The sums of threads that share a column, in one order; n is half of 256, a quarter, as long as it is lanes or more.
  static SMOOTHACT_FN void fold(int n, int thread, Shared& shared) {
    if (thread >= n) return;
    for (int k = 0; k < K; ++k) shared.sums[k][thread] += shared.sums[k][thread + n];
  }
  static SMOOTHACT_FN void finish(const LearnedPlan& plan, uint32_t block, int thread, const Shared& shared) {
    const LearnedPlace place(plan, block, thread);
    if (thread >= plan.grid.lanes || place.column >= plan.grid.columns) return;
    double* sums = plan.sums + (block % plan.grid.parts * plan.grid.columns + place.column) * K;
    for (int k = 0; k < K; ++k) sums[k] = shared.sums[k][thread];
  }

 private:
  // At the same place as the slopes, whose exponentials serve it. What is above single precision rounds to infinity.
  static SMOOTHACT_FN V slope_at(const A& a, V x) { return a.df(math::Sloped<V, K>(within_reach(x))).v; }
};

}  // namespace smoothact::cuda
