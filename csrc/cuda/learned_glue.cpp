// SPDX-License-Identifier: Apache-2.0
#include "learned_glue.h"

#include <ATen/TensorOperators.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <utility>

#include "../ops/learned.h"
#include "learned_plan.h"

namespace smoothact {

using at::Tensor;

namespace {

// self as the kernels walk it: dense, and (outer, channels, inner) in the order of memory. grad is brought into its
// layout.
struct Channelwise {
  Tensor self, grad;
  int64_t outer = 1, channels = 1, inner = 1;

  Channelwise(const LearnedCall&, const Tensor& grad, Inputs);
};

Channelwise::Channelwise(const LearnedCall& c, const Tensor& g, Inputs in)
    : self(in[0].is_non_overlapping_and_dense() ? in[0] : in[0].contiguous()), grad(g) {
  if (grad.defined() && !grad.strides().equals(self.strides())) grad = at::empty_like(self).copy_(grad);
  bool any = false;
  for (int i = 1; i <= c.bias(); ++i) any = any || (in[i].defined() && per_channel(in[i]));
  const int64_t dim = any ? at::maybe_wrap_dim(c.dim(), self.dim()) : -1;
  for (int64_t i = 0; i < self.dim(); ++i)
    (i == dim ? channels : dim >= 0 && self.stride(i) > self.stride(dim) ? outer : inner) *= self.size(i);
}

// The kernels know no `up`: a product apart, before anything is rounded to 16 bits.
std::vector<Tensor> gated(const LearnedCall& call, const Tensor& grad, Inputs in, LearnedCall::Needed needed) {
  LearnedCall::Tensors inner;
  std::copy(in.begin(), in.end(), inner.begin());
  inner[0] = in[0].to(at::kFloat);
  inner[call.up()] = Tensor();
  const Tensor& up = in[call.up()];
  const auto value = [&] { return learned_on_cuda(call, {}, {inner.data(), in.size()}, {}, {})[0]; };
  if (!grad.defined()) return {(value() * up).to(in[0].scalar_type())};
  const bool by_up = std::exchange(needed[call.up()], false);
  const Tensor g = grad.to(at::kFloat);
  std::vector<Tensor> out(call.inputs());
  if (std::any_of(needed.begin(), needed.end(), [](bool n) { return n; }))
    out = learned_on_cuda(call, g * up, {inner.data(), in.size()}, needed, {});
  if (out[0].defined()) out[0] = out[0].to(in[0].scalar_type());
  if (by_up) out[call.up()] = (value() * g).to(up.scalar_type());
  return out;
}

}  // namespace

std::vector<Tensor> learned_on_cuda(const LearnedCall& call, const Tensor& grad, Inputs in,
                                    const LearnedCall::Needed& needed, const Places&) {
  const bool backward = grad.defined();
  // Networks are not trained in double precision.
  if (in[0].scalar_type() == at::kDouble || in[0].numel() == 0) return learned_composite(call, grad, in, needed);
  check_learned(call, in, backward ? &grad : nullptr);
  if (in[call.up()].defined()) return gated(call, grad, in, needed);
  const c10::cuda::CUDAGuard guard(in[0].device());
  const Channelwise view(call, grad, in);
  const int64_t each = 1 + call.entry().descriptor->parameters.size;

  cuda::LearnedRequest request;
  request.activation = call.entry().index;
  request.dtype = dtype_of(view.self.scalar_type());
  request.outer = view.outer;
  request.channels = view.channels;
  request.inner = view.inner;
  bool slopes = false;
  LearnedCall::Tensors held;  // until the launch
  for (int i = 1; i <= call.bias(); ++i) {
    const Tensor& t = in[i];
    auto& p = i == call.bias() ? request.bias : request.parameters[i - 1];
    if (i != call.bias()) p.value = infinity;
    if (!t.defined()) continue;
    slopes = slopes || (backward && needed[i]);
    if (t.is_cpu()) {
      p.value = t.item<double>();
      continue;
    }
    held[i] = t.contiguous();
    p.data = held[i].const_data_ptr();
    p.dtype = dtype_of(t.scalar_type());
    p.per_channel = t.numel() > 1;
  }
  request.by_bias = backward && in[call.bias()].defined() && needed[call.bias()];

  const Tensor out = !backward || needed[0] ? at::empty_like(view.self) : Tensor();
  const cuda::LearnedGrid grid(view.outer, view.channels, view.inner);
  const auto in_double = view.self.options().dtype(at::kDouble);
  const Tensor sums = slopes ? at::empty({grid.parts, grid.columns, each}, in_double) : Tensor();
  request.self = view.self.const_data_ptr();
  if (backward) request.grad = view.grad.const_data_ptr();
  if (out.defined()) request.out = out.mutable_data_ptr();
  if (slopes) request.sums = sums.mutable_data_ptr<double>();
  request.stream = c10::cuda::getCurrentCUDAStream().stream();
  const auto error = static_cast<cudaError_t>(cuda::launch_learned(request));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", call.entry().name, backward ? "_backward" : "",
              ": CUDA error: ", cudaGetErrorString(error));
  if (!backward) return {out};

  std::vector<Tensor> results(call.inputs());
  results[0] = out;
  if (!slopes) return results;
  const Tensor totals = cuda::by_channel(sums, view.channels, grid.repeat);
  for (int i = 1; i <= call.bias(); ++i) {
    if (!needed[i] || !in[i].defined()) continue;
    const Tensor total = totals.select(1, i % each);  // the bias is last
    results[i] = (in[i].numel() == 1 ? total.sum() : total).reshape(in[i].sizes()).to(in[i].options());
  }
  return results;
}

}  // namespace smoothact
