// SPDX-License-Identifier: Apache-2.0
// Compiled once for each shard of the list, as shard.cu is.
#include "../kernels/learnable.h"
#include "learned_forward.h"
#include "learned_launch.h"

namespace smoothact::cuda {
namespace {

template <class A>
__global__ void __launch_bounds__(LearnedGrid::threads)
    learned_forward_kernel(const __grid_constant__ LearnedPlan plan) {
  using Block = LearnedForward<A>;
  __shared__ typename Block::Shared shared;
  Block::construct(plan, blockIdx.x, threadIdx.x, shared);
  __syncthreads();
  Block::pass(plan, blockIdx.x, threadIdx.x, shared);
}

const bool added = for_each_of_shard(
    []<class A, int I>() { learned_kernels(I).forward = reinterpret_cast<const void*>(learned_forward_kernel<A>); });

}  // namespace
}  // namespace smoothact::cuda
