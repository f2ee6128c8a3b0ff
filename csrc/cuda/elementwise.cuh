// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "elementwise.h"

namespace smoothact::cuda {

#if defined(__CUDA_ARCH__)
inline constexpr int pack_bytes_here = pack_bytes(__CUDA_ARCH__ / 10);
#else
inline constexpr int pack_bytes_here = pack_bytes(0);
#endif

template <class A, Operation O, DType D>
__global__ void __launch_bounds__(threads_per_block)
    pointwise_kernel(const __grid_constant__ Plan plan, const __grid_constant__ A activation,
                     const __grid_constant__ Limits limits) {
  Memory memory;
  Pointwise<A, O, D, pack_bytes_here / element_bytes(D)>::run(plan, activation, limits, blockIdx.x, threadIdx.x,
                                                              memory);
}

}  // namespace smoothact::cuda
