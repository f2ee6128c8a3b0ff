// SPDX-License-Identifier: Apache-2.0
#include "launch.h"

#include <cuda_runtime_api.h>

#include <iterator>

#include "indexing.h"

namespace smoothact::cuda {
namespace {

// Threads that ask at the same time find the same, so the cache needs no lock. 0 is "not asked yet".
cudaError_t pack_bytes_of(Kernel& kernel, int device, int& bytes) {
  const bool cached = device >= 0 && device < static_cast<int>(std::size(kernel.pack_bytes));
  bytes = cached ? kernel.pack_bytes[device].load(std::memory_order_relaxed) : 0;
  if (bytes != 0) return cudaSuccess;
  cudaFuncAttributes attributes;
  const cudaError_t error = cudaFuncGetAttributes(&attributes, kernel.function);
  if (error != cudaSuccess) return error;
  bytes = pack_bytes(attributes.ptxVersion);
  if (cached) kernel.pack_bytes[device].store(bytes, std::memory_order_relaxed);
  return cudaSuccess;
}

}  // namespace

int launch(const Request& request) {
  Entry& entry = entry_of(request.activation);
  Kernel& kernel = entry.kernels[static_cast<int>(request.operation)][static_cast<int>(request.dtype)];
  alignas(16) char activation[activation_bytes];
  entry.make(request.parameters, activation);

  int bytes = 0;
  cudaError_t error = pack_bytes_of(kernel, request.device, bytes);
  if (error == cudaSuccess)
    for_each_launch(request, bytes, piece_elements, [&](const Plan& plan, uint32_t blocks) {
      if (error != cudaSuccess) return;
      void* arguments[] = {const_cast<Plan*>(&plan), activation, const_cast<Limits*>(&request.limits)};
      error = cudaLaunchKernel(kernel.function, dim3(blocks), dim3(threads_per_block), arguments, 0,
                               static_cast<cudaStream_t>(request.stream));
    });
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

}  // namespace smoothact::cuda
