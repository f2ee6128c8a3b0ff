// SPDX-License-Identifier: Apache-2.0
#include "learned_launch.h"

#include <cuda_runtime_api.h>

#include <map>

#include "gated_plan.h"
#include "learned_plan.h"

namespace smoothact::cuda {

namespace {
std::map<int, LearnedKernels>& table() {
  static std::map<int, LearnedKernels> kernels;
  return kernels;
}
}  // namespace

LearnedKernels& learned_kernels(int activation) { return table()[activation]; }

template <class Plan>
static int launch(const void* kernel, Plan plan, const LearnedGrid& grid, void* stream) {
  void* arguments[] = {&plan};
  const cudaError_t error = cudaLaunchKernel(kernel, dim3(grid.blocks()), dim3(LearnedGrid::threads), arguments, 0,
                                             static_cast<cudaStream_t>(stream));
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

int launch_learned(const LearnedRequest& r) {
  const LearnedKernels& kernels = table().at(r.activation);
  const LearnedGrid grid(r.outer, r.channels, r.inner);
  return launch(r.grad ? kernels.backward : kernels.forward, LearnedPlan(r, grid), grid, r.stream);
}

int launch_gated(const GatedRequest& r) {
  const LearnedRequest& g = r.of_gate;
  const LearnedGrid grid(g.outer, g.channels, g.inner);
  return launch(table().at(g.activation).gated, GatedPlan(r, grid), grid, g.stream);
}

}  // namespace smoothact::cuda
