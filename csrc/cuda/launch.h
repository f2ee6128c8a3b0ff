// SPDX-License-Identifier: Apache-2.0
// Launching on raw pointers.
#pragma once

#include <atomic>

#include "../kernels/request.h"

namespace smoothact::cuda {

// Runs on the current device, which is request.device, and on request.stream. Neither waits nor allocates, so
// a graph can capture it. Returns a cudaError_t.
int launch(const Request& request);

// An entry point and, once asked, the bytes of a pack in the code that each device loads of it.
struct Kernel {
  const void* function = nullptr;
  std::atomic<int> pack_bytes[16] = {};
};

// The kernels of one activation.
struct Entry {
  void (*make)(const double* parameters, void* activation) = nullptr;
  Kernel kernels[operations][dtypes];
};

// Networks with gates are not trained in double precision.
constexpr bool compiled(Operation operation, DType dtype) { return !is_gate(operation) || dtype != DType::f64; }

// What `make` may write.
inline constexpr int activation_bytes = 256;

// By the activation's place in the list. The kernels are compiled in shards of the list.
Entry& entry_of(int activation);

}  // namespace smoothact::cuda
