// SPDX-License-Identifier: Apache-2.0
// f of parameters in memory, in single precision as the kernels of fixed ones.
#pragma once

#include <limits>

#include "../math/simd.h"
#include "learned_walk.h"

namespace smoothact::cuda {

template <class A>
struct LearnedForward {
  static constexpr int together = 4;
  using V = math::Simd<float, 1>;
  using Shared = LearnedColumns<A>;

  static SMOOTHACT_FN void construct(const LearnedPlan& plan, uint32_t block, int thread, Shared& shared) {
    shared.construct(plan, block, thread, [](const double* p) { return from_numbers<A>(p); });
  }
  static SMOOTHACT_FN void pass(const LearnedPlan& plan, uint32_t block, int thread, const Shared& shared) {
    const LearnedPlace place(plan, block, thread);
    if (place.nothing()) return;
    const A& a = shared[place.lane];
    const bool valid = shared.valid[place.lane];
    const V bias = shared.bias[place.lane];
    place.template walk<together>(plan.grid, [&](const auto& at, int count) {
      V x[together];
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i) x[i] = bias + V(i < count ? load(plan.dtype, plan.self, at[i]) : 0);
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i) {
        const V y = a.f(x[i]);
        x[i] = valid ? y : V(std::numeric_limits<float>::quiet_NaN());
      }
      SMOOTHACT_UNROLL
      for (int i = 0; i < together; ++i)
        if (i < count) store(plan.dtype, plan.out, at[i], x[i].v);
    });
  }
};

}  // namespace smoothact::cuda
