// SPDX-License-Identifier: Apache-2.0
// The derivatives of f by x, by its bias and by parameters in memory, in one pass and in single precision: that by x as
// the kernels of fixed parameters compute it, the others without error terms, since what counts is their sum. A thread
// adds up a few dozen, and the threads' sums are added in double.
#pragma once

#include <limits>

#include "../kernels/slopes.h"
#include "learned_sums.h"

namespace smoothact::cuda {

template <class A>
struct LearnedBackward {
  static constexpr int K = parameters_of<A>, together = 2;
  using V = math::Simd<float, 1>;
  using Rough = math::Simd<float, 1, 20>;
  using Sums = math::Slopes<Rough, 1 + K>;  // by the bias, then by each parameter

  struct Shared {
    LearnedColumns<A> columns;
    LearnedSums<1 + K> sums;
  };

  static SMOOTHACT_FN void construct(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    shared.columns.construct(plan, block, thread, [](const double* p) { return sloped_activation<A>(p); });
  }
  // The thread's elements; its sums into shared memory.
  static SMOOTHACT_FN void pass(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const LearnedPlace place(plan, block, thread);
    const A& a = shared.columns[place.lane];
    const bool valid = !place.nothing() && shared.columns.valid[place.lane];
    const V bias = place.nothing() ? V(0) : V(shared.columns.bias[place.lane]);
    Sums totals = math::make_slopes<Rough, 1 + K>([](int) { return Rough(0); });
    place.template walk<together>(plan.grid, [&](const auto& at, int count) {
      V x[together], grad[together];
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i) {
        x[i] = bias + V(i < count ? load(plan.dtype, plan.self, at[i]) : 1);
        grad[i] = i < count ? load(plan.dtype, plan.grad, at[i]) : 0;
      }
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i) {
        const Rough g = grad[i].v, at_x = x[i].v;
        if constexpr (K > 0)
          if (plan.sums && i < count)
            totals.rest = math::each_slope<Rough, K>([&](Rough t, Rough s) { return fma(g, s, t); }, totals.rest,
                                                     slopes_at(a, at_x));
        if (plan.out || plan.by_bias) x[i] = grad[i] * a.df(x[i]);
        if (plan.by_bias && i < count) totals.first = totals.first + Rough(x[i].v);
      }
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i)
        if (plan.out && i < count) store(plan.dtype, plan.out, at[i], valid ? x[i].v : nan);
    });
    math::use_slopes(totals, [&](Rough t, int k) { shared.sums.of[k][thread] = valid || place.nothing() ? t.v : nan; });
  }
};

}  // namespace smoothact::cuda
