// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../kernels/request.h"

namespace at {
struct TensorIteratorBase;
}

namespace smoothact::cuda {

// Computes the iterator's output from its inputs, all of one dtype, on the current stream of their device.
void launch_from(at::TensorIteratorBase& iterator, int activation, Order order, const double* parameters,
                 const char* op);

}  // namespace smoothact::cuda
