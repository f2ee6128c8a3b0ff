// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "learned_sums.h"

namespace smoothact::cuda {

template <int N>
__device__ void fold_and_finish(const LearnedPlan& plan, LearnedSums<N>& sums) {
  if (!plan.sums) return;
  const int thread = static_cast<int>(threadIdx.x);
  for (int n = LearnedGrid::threads / 2; n >= plan.grid.lanes; n /= 2) {
    __syncthreads();
    sums.fold(n, thread);
  }
  sums.finish(plan, blockIdx.x, thread);  // what this thread has folded
}

}  // namespace smoothact::cuda
