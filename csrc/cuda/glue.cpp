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

Request request_for(at::ScalarType type, int activation, Order order, const double* parameters) {
  Request request;
  request.activation = activation;
  request.order = order;
  request.dtype = dtype_of(type);
  request.parameters = parameters;
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

void launch_from(at::TensorIteratorBase& iterator, int activation, Order order, const double* parameters,
                 const char* op) {
  if (iterator.numel() == 0) return;
  TORCH_CHECK(iterator.ndim() <= max_dims, "smoothact::", op, ": more than ", max_dims,
              " dimensions that cannot be merged");
  Request request = request_for(iterator.dtype(0), activation, order, parameters);
  request.ndim = iterator.ndim();
  for (int d = 0; d < request.ndim; ++d) request.sizes[d] = iterator.shape()[d];
  for (int k = 0; k <= inputs_of(order); ++k) {
    TORCH_INTERNAL_ASSERT(iterator.dtype(k) == iterator.dtype(0));
    request.operands[k] = iterator.data_ptr(k);
    for (int d = 0; d < request.ndim; ++d) request.strides[k][d] = iterator.strides(k)[d];
  }
  submit(request, iterator.device(0), op);
}

void launch_dense(const at::Tensor& out, at::ArrayRef<at::Tensor> in, int activation, Order order,
                  const double* parameters, const char* op) {
  if (out.numel() == 0) return;
  Request request = request_for(out.scalar_type(), activation, order, parameters);
  request.ndim = 1;
  request.sizes[0] = out.numel();
  request.operands[0] = out.mutable_data_ptr();
  request.strides[0][0] = out.element_size();
  for (int k = 1; k <= inputs_of(order); ++k) {
    request.operands[k] = const_cast<void*>(in[k - 1].const_data_ptr());
    request.strides[k][0] = out.element_size();
  }
  submit(request, out.device(), op);
}

}  // namespace smoothact::cuda
