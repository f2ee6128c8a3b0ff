// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "elementwise.h"

namespace smoothact::cuda {

#if defined(__CUDA_ARCH__)
inline constexpr int pack_bytes_here = pack_bytes(__CUDA_ARCH__ / 10);
#else
inline constexpr int pack_bytes_here = pack_bytes(0);
#endif

template <class A, Order O, DType D>
__global__ void __launch_bounds__(threads_per_block)
    pack_kernel(const __grid_constant__ PackPlan plan, const __grid_constant__ A activation) {
  Memory memory;
  Elementwise<A, O, D, pack_bytes_here / element_bytes(D), 1>::run(plan, activation, gridDim.x, blockIdx.x, threadIdx.x,
                                                                   memory);
}

template <class A, Order O, DType D>
__global__ void __launch_bounds__(threads_per_block)
    element_kernel(const __grid_constant__ ElementPlan plan, const __grid_constant__ A activation) {
  Memory memory;
  Elementwise<A, O, D, 1, element_unroll(element_bytes(D))>::run(plan, activation, gridDim.x, blockIdx.x, threadIdx.x,
                                                                 memory);
}

}  // namespace smoothact::cuda
