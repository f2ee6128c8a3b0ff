// SPDX-License-Identifier: Apache-2.0
#include "glue.h"

#include <ATen/TensorIterator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include "launch.h"

namespace smoothact::cuda {
namespace {

DType dtype_of(at::ScalarType type, const char* op) {
  switch (type) {
    case at::kDouble:
      return DType::f64;
    case at::kFloat:
      return DType::f32;
    case at::kBFloat16:
      return DType::bf16;
    case at::kHalf:
      return DType::f16;
    default:
      TORCH_CHECK_NOT_IMPLEMENTED(false, "smoothact::", op, ": not implemented for ", type);
  }
}

}  // namespace

void launch_from(at::TensorIteratorBase& iterator, int activation, Order order, const double* parameters,
                 const char* op) {
  if (iterator.numel() == 0) return;
  TORCH_CHECK(iterator.ndim() <= max_dims, "smoothact::", op, ": more than ", max_dims,
              " dimensions that cannot be merged");
  const c10::cuda::CUDAGuard guard(iterator.device(0));

  Request request;
  request.ndim = iterator.ndim();
  request.activation = activation;
  request.order = order;
  request.dtype = dtype_of(iterator.dtype(0), op);
  request.parameters = parameters;
  request.device = iterator.device(0).index();
  request.stream = c10::cuda::getCurrentCUDAStream().stream();
  for (int d = 0; d < request.ndim; ++d) request.sizes[d] = iterator.shape()[d];
  for (int k = 0; k <= inputs_of(order); ++k) {
    TORCH_INTERNAL_ASSERT_DEBUG_ONLY(iterator.dtype(k) == iterator.dtype(0));
    request.operands[k] = iterator.data_ptr(k);
    for (int d = 0; d < request.ndim; ++d) request.strides[k][d] = iterator.strides(k)[d];
  }

  const auto error = static_cast<cudaError_t>(launch(request));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", op, ": CUDA error: ", cudaGetErrorString(error));
}

}  // namespace smoothact::cuda
