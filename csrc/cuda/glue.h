// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/TensorBody.h>

#include "../kernels/request.h"

namespace at {
struct TensorIteratorBase;
}

namespace smoothact::cuda {

// What an op computes from its inputs in one pass, all of one dtype, on the current stream of their device.
struct Pass {
  int activation;
  Operation operation;
  const double* parameters;
  const char* op;  // its name, for errors
  Limits limits = {};
};

void launch_from(at::TensorIteratorBase& iterator, const Pass& pass);

// Where outputs and inputs are dense and agree in sizes and strides.
void launch_dense(at::ArrayRef<at::Tensor> out, at::ArrayRef<at::Tensor> in, const Pass& pass);

// Whether a kernel does it in one pass.
bool launches(Operation operation, at::ScalarType type);

}  // namespace smoothact::cuda
