// SPDX-License-Identifier: Apache-2.0
#include "glue.h"

#include <ATen/TensorIterator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include "../ops/entry.h"
#include "launch.h"

namespace smoothact::cuda {
namespace {

Request request_for(at::ScalarType type, const Pass& pass) {
  Request request;
  request.activation = pass.activation;
  request.operation = pass.operation;
  request.dtype = dtype_of(type);
  request.parameters = pass.parameters;
  request.limits = pass.limits;
  return request;
}

void submit(Request& request, at::Device device, const char* op) {
  const c10::cuda::CUDAGuard guard(device);
  request.device = device.index();
  request.stream = c10::cuda::getCurrentCUDAStream().stream();
  const auto error = static_cast<cudaError_t>(launch(request));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", op, ": CUDA error: ", cudaGetErrorString(error));
}

}  // namespace

void launch_from(at::TensorIteratorBase& iterator, const Pass& pass) {
  if (iterator.numel() == 0) return;
  TORCH_CHECK(iterator.ndim() <= max_dims, "smoothact::", pass.op, ": more than ", max_dims,
              " dimensions that cannot be merged");
  Request request = request_for(iterator.dtype(0), pass);
  request.ndim = iterator.ndim();
  for (int d = 0; d < request.ndim; ++d) request.sizes[d] = iterator.shape()[d];
  const int operands = outputs_of(pass.operation) + inputs_of(pass.operation);
  TORCH_INTERNAL_ASSERT(iterator.ntensors() == operands);
  for (int k = 0; k < operands; ++k) {
    TORCH_INTERNAL_ASSERT(iterator.dtype(k) == iterator.dtype(0));
    request.operands[k] = iterator.data_ptr(k);
    for (int d = 0; d < request.ndim; ++d) request.strides[k][d] = iterator.strides(k)[d];
  }
  submit(request, iterator.device(0), pass.op);
}

void launch_dense(at::ArrayRef<at::Tensor> out, at::ArrayRef<at::Tensor> in, const Pass& pass) {
  if (out[0].numel() == 0) return;
  Request request = request_for(out[0].scalar_type(), pass);
  request.ndim = 1;
  request.sizes[0] = out[0].numel();
  int k = 0;
  for (const auto& t : out) request.operands[k++] = t.mutable_data_ptr();
  for (const auto& t : in) request.operands[k++] = const_cast<void*>(t.const_data_ptr());
  while (k > 0) request.strides[--k][0] = out[0].element_size();
  submit(request, out[0].device(), pass.op);
}

bool launches(Operation operation, at::ScalarType type) { return compiled(operation, dtype_of(type)); }

}  // namespace smoothact::cuda
