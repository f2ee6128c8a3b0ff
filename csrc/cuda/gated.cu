// SPDX-License-Identifier: Apache-2.0
// Compiled once for each shard of the list, as shard.cu is.
#include "../kernels/learnable.h"
#include "gated_block.h"
#include "learned_fold.cuh"
#include "learned_launch.h"

namespace smoothact::cuda {
namespace {

template <class A>
__global__ void __launch_bounds__(LearnedGrid::threads) gated_kernel(const __grid_constant__ GatedPlan plan) {
  using Block = GatedBlock<A>;
  __shared__ typename Block::Shared shared;
  Block::construct(plan, blockIdx.x, threadIdx.x, shared);
  __syncthreads();
  Block::pass(plan, blockIdx.x, threadIdx.x, shared);
  fold_and_finish(plan.of_gate, shared.sums);
}

const bool added = for_each_of_shard(
    []<class A, int I>() { learned_kernels(I).gated = reinterpret_cast<const void*>(gated_kernel<A>); });

}  // namespace
}  // namespace smoothact::cuda
