// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <numeric>

#include "../ops/smooth_max.h"
#include "smooth_max.h"

namespace smoothact {

using at::Tensor;

namespace {

// Dims in the order of memory. What has one element for a row keeps its dim.
struct Memory {
  const SmoothMaxCall& call;
  std::vector<int64_t> order, inverse;

  Memory(const SmoothMaxCall& c, const Tensor& dense) : call(c), order(dense.dim()), inverse(dense.dim()) {
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return dense.stride(a) > dense.stride(b); });
    for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<int64_t>(i);
  }
  Tensor full(const Tensor& t) const { return t.permute(order).contiguous(); }
  Tensor row(const Tensor& t) const { return full(call.keepdim() ? t : t.unsqueeze(call.dim())); }
  Tensor result(const Tensor& row) const {
    const Tensor t = row.permute(inverse);
    return (call.keepdim() ? t : t.squeeze(call.dim())).contiguous();
  }
};

}  // namespace

std::vector<Tensor> smooth_max_on_cuda(const SmoothMaxCall& given, Inputs in) {
  const SmoothMaxCall c = checked(given, in);
  // Networks are not trained in double precision.
  if (!fused(c, in) || in.back().scalar_type() == at::kDouble) return smooth_max_formulas(c, in);
  const c10::cuda::CUDAGuard guard(in.back().device());
  Tensor self = in.back();
  if (!self.is_non_overlapping_and_dense()) self = at::empty_like(self).copy_(self);
  const Memory memory(c, self);

  cuda::SmoothMaxRequest request{};
  request.order = c.order();
  request.kind = c.kind();
  request.dtype = dtype_of(self.scalar_type());
  request.sharpness = c.sharpness();
  request.length = self.size(c.dim());
  request.outer = request.inner = 1;
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (memory.inverse[i] < memory.inverse[c.dim()]) request.outer *= self.size(i);
    if (memory.inverse[i] > memory.inverse[c.dim()]) request.inner *= self.size(i);
  }
  request.self = self.const_data_ptr();
  Tensor grad, grad_grad, by_row, by_self;  // until the launch
  if (c.order() != Order::forward) {
    grad = memory.row(in[in.size() - 2]);
    by_self = at::empty_like(self);
    request.grad = grad.const_data_ptr();
    request.by_self = by_self.mutable_data_ptr();
  }
  if (c.order() == Order::double_backward) {
    grad_grad = memory.full(in[0]);
    request.grad_grad = grad_grad.const_data_ptr();
  }
  if (c.order() != Order::backward) {
    auto sizes = self.permute(memory.order).sizes().vec();
    sizes[memory.inverse[c.dim()]] = 1;
    by_row = at::empty(sizes, self.options());
    request.by_row = by_row.mutable_data_ptr();
  }
  request.stream = c10::cuda::getCurrentCUDAStream().stream();
  const auto error = static_cast<cudaError_t>(cuda::launch_smooth_max(request));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", c.name(), ": CUDA error: ", cudaGetErrorString(error));
  std::vector<Tensor> out;
  if (by_row.defined()) out.push_back(memory.result(by_row));
  if (by_self.defined()) out.push_back(by_self);
  return out;
}

}  // namespace smoothact
