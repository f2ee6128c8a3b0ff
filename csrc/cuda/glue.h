// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/TensorBody.h>

#include "../kernels/request.h"

namespace at {
struct TensorIteratorBase;
}

namespace smoothact::cuda {

// Both compute an op's output from its inputs, all of one dtype, on the current stream of their device. `op`
// is its name, for errors.

void launch_from(at::TensorIteratorBase& iterator, int activation, Order order, const double* parameters,
                 const char* op);

// Where output and inputs are dense and agree in sizes and strides.
void launch_dense(const at::Tensor& out, at::ArrayRef<at::Tensor> in, int activation, Order order,
                  const double* parameters, const char* op);

}  // namespace smoothact::cuda
