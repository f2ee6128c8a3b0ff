// SPDX-License-Identifier: Apache-2.0
#include "smooth_max_walk.h"

namespace smoothact::cuda {
namespace {

template <Order O, bool Boltzmann>
__global__ void __launch_bounds__(SmoothMaxGrid::threads)
    smooth_max_kernel(const __grid_constant__ SmoothMaxPlan plan) {
  using Block = SmoothMaxBlock<O, Boltzmann>;
  __shared__ typename Block::Shared shared;
  const Block block(plan, blockIdx.x, threadIdx.x);
  const int lanes = plan.grid.lanes;
  block.find_pivot(shared);
  for (int n = SmoothMaxGrid::threads / 2; n >= lanes; n /= 2) {
    __syncthreads();
    block.fold_pivots(n, shared);
  }
  __syncthreads();
  block.add(shared);
  __syncthreads();
  block.join(shared);
  for (int n = Block::left(lanes) / 2; n >= lanes; n /= 2) {
    __syncthreads();
    block.fold_sums(n, shared);
  }
  __syncthreads();
  block.finish(shared);
}

template <Order O>
const void* kernel_of(SmoothMaxKind kind) {
  return kind == SmoothMaxKind::boltzmann ? reinterpret_cast<const void*>(smooth_max_kernel<O, true>)
                                          : reinterpret_cast<const void*>(smooth_max_kernel<O, false>);
}

}  // namespace

int launch_smooth_max(const SmoothMaxRequest& request) {
  SmoothMaxPlan plan(request);
  const void* kernel = request.order == Order::forward    ? kernel_of<Order::forward>(request.kind)
                       : request.order == Order::backward ? kernel_of<Order::backward>(request.kind)
                                                          : kernel_of<Order::double_backward>(request.kind);
  void* arguments[] = {&plan};
  const cudaError_t error = cudaLaunchKernel(kernel, dim3(plan.grid.blocks()), dim3(SmoothMaxGrid::threads), arguments,
                                             0, static_cast<cudaStream_t>(request.stream));
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

}  // namespace smoothact::cuda
