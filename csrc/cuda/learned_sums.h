// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "learned_walk.h"

namespace smoothact::cuda {

// N sums of each of a block's threads, added up in double and in one order.
template <int N>
struct LearnedSums {
  double of[N][LearnedGrid::threads];

  // Those of threads that share a column; n is half of 256, a quarter, as long as it is lanes or more.
  SMOOTHACT_FN void fold(int n, int thread) {
    if (thread >= n) return;
    for (int k = 0; k < N; ++k) of[k][thread] += of[k][thread + n];
  }
  SMOOTHACT_FN void finish(const LearnedPlan& plan, uint32_t block, int thread) const {
    const LearnedPlace place(plan, block, thread);
    if (thread >= plan.grid.lanes || place.column >= plan.grid.columns) return;
    double* sums = plan.sums + (block % plan.grid.parts * plan.grid.columns + place.column) * N;
    for (int k = 0; k < N; ++k) sums[k] = of[k][thread];
  }
};

}  // namespace smoothact::cuda
