// SPDX-License-Identifier: Apache-2.0
#include "learned_launch.h"

#include <cuda_runtime_api.h>

#include <map>

#include "learned_plan.h"

namespace smoothact::cuda {

namespace {
std::map<int, LearnedKernels>& table() {
  static std::map<int, LearnedKernels> kernels;
  return kernels;
}
}  // namespace

LearnedKernels& learned_kernels(int activation) { return table()[activation]; }

int launch_learned(const LearnedRequest& request) {
  const LearnedKernels& kernels = table().at(request.activation);
  LearnedPlan plan(request, LearnedGrid(request.outer, request.channels, request.inner));
  void* arguments[] = {&plan};
  const cudaError_t error =
      cudaLaunchKernel(request.grad ? kernels.backward : kernels.forward, dim3(plan.grid.blocks()),
                       dim3(LearnedGrid::threads), arguments, 0, static_cast<cudaStream_t>(request.stream));
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

}  // namespace smoothact::cuda
