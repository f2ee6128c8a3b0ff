// SPDX-License-Identifier: Apache-2.0
#include "launch.h"

#include <cuda_runtime_api.h>

#include <iterator>
#include <type_traits>

#include "indexing.h"

namespace smoothact::cuda {
namespace {

struct Limits {
  uint32_t blocks;  // resident at a time on the whole device
  int pack_bytes;
};

// Threads that ask at the same time find the same, so the cache needs no lock. 0 is "not asked yet".
cudaError_t limits_of(Kernel& kernel, int device, Limits& limits) {
  constexpr uint32_t pack_scale = 1u << 24;
  const bool cached = device >= 0 && device < static_cast<int>(std::size(kernel.limits));
  uint32_t known = cached ? kernel.limits[device].load(std::memory_order_relaxed) : 0;
  if (known == 0) {
    cudaFuncAttributes attributes;
    int resident = 0, multiprocessors = 0;
    cudaError_t error = cudaFuncGetAttributes(&attributes, kernel.function);
    if (error == cudaSuccess)
      error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel.function, threads_per_block, 0);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    if (error != cudaSuccess) return error;
    known = static_cast<uint32_t>(resident * multiprocessors) | pack_bytes(attributes.ptxVersion) * pack_scale;
    if (cached) kernel.limits[device].store(known, std::memory_order_relaxed);
  }
  limits = {known % pack_scale, static_cast<int>(known / pack_scale)};
  return cudaSuccess;
}

}  // namespace

int launch(const Request& request) {
  Entry& entry = entry_of(request.activation);
  auto& [pack, element] = entry.kernels[static_cast<int>(request.order)][static_cast<int>(request.dtype)];
  alignas(16) char activation[activation_bytes];
  entry.make(request.parameters, activation);

  Limits limits;
  cudaError_t error = limits_of(pack, request.device, limits);
  if (error == cudaSuccess)
    for_each_launch(request, limits.pack_bytes, piece_elements, [&](auto& plan, int unroll) {
      Kernel& kernel = std::is_same_v<decltype(plan), PackPlan&> ? pack : element;
      if (error == cudaSuccess) error = limits_of(kernel, request.device, limits);
      if (error != cudaSuccess) return;
      void* arguments[] = {&plan, activation};
      error = cudaLaunchKernel(kernel.function, dim3(blocks_for(plan.items, unroll, limits.blocks)),
                               dim3(threads_per_block), arguments, 0, static_cast<cudaStream_t>(request.stream));
    });
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

}  // namespace smoothact::cuda
