// SPDX-License-Identifier: Apache-2.0
// Compiled once for each shard of the list, as shard.cu is.
#define SMOOTHACT_LEARNED "sloped_constant.h"
// clang-format off
#include "../math/sloped.h"
#include "../kernels/learnable.h"
// clang-format on
#include "learned_backward.h"
#include "learned_fold.cuh"
#include "learned_launch.h"

namespace smoothact::cuda {
namespace {

template <class A>
__global__ void __launch_bounds__(LearnedGrid::threads)
    learned_backward_kernel(const __grid_constant__ LearnedPlan plan) {
  using Block = LearnedBackward<A>;
  __shared__ typename Block::Shared shared;
  const uint32_t block = blockIdx.x, thread = threadIdx.x;
  Block::construct(plan, block, thread, shared);
  __syncthreads();
  Block::pass(plan, block, thread, shared);
  fold_and_finish(plan, shared.sums);
}

const bool added = for_each_of_shard(
    []<class A, int I>() { learned_kernels(I).backward = reinterpret_cast<const void*>(learned_backward_kernel<A>); });

}  // namespace
}  // namespace smoothact::cuda
