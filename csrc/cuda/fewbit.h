// SPDX-License-Identifier: Apache-2.0
// One launch over the codes of dense elements, as plain data.
#pragma once

#include "../kernels/fewbit.h"

namespace smoothact::cuda {

struct FewBitRequest {
  DType dtype;
  int bits;
  int64_t count;
  double numbers[most_levels];  // boundaries, or levels
  const void* in = nullptr;     // x, or the gradient
  unsigned char* codes = nullptr;
  void* out = nullptr;  // grad times its levels; null where codes are to be made
  void* stream = nullptr;
};

inline constexpr int fewbit_threads = 256;
constexpr int64_t fewbit_blocks(int64_t count) {
  constexpr int64_t elements = fewbit_threads * codes_together;
  return (count + elements - 1) / elements;
}

// Returns a cudaError_t.
int launch_fewbit(const FewBitRequest&);

}  // namespace smoothact::cuda
