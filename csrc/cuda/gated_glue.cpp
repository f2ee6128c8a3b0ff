// SPDX-License-Identifier: Apache-2.0
#include "gated_glue.h"

#include <ATen/ExpandUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include "../ops/lattice.h"
#include "gated_request.h"
#include "glue.h"
#include "learned_glue.h"
#include "learned_plan.h"

namespace smoothact::cuda {
using at::Tensor;

std::array<Tensor, 2> GatedPass::run() const {
  int64_t channels = 1;
  for (const auto& b : bias) channels = std::max(channels, b.defined() ? b.numel() : 1);
  const Lattice lattice(out, in, channels, dim);
  const Around dims(lattice);
  if (!dims.fits) {
    // Dense and of one shape, they do.
    const auto sizes = at::infer_size(in[3].sizes(), in[4].sizes());
    GatedPass dense = *this;
    for (auto& t : dense.in)
      if (t.defined()) t = t.expand(sizes).contiguous();
    for (auto& t : dense.out)
      if (t.defined()) t = at::empty_like(t, at::MemoryFormat::Contiguous);
    const auto sums = dense.run();
    for (size_t k = 0; k < out.size(); ++k)
      if (out[k].defined()) out[k].copy_(dense.out[k]);
    return sums;
  }

  const Tensor& gate = in[3];
  const c10::cuda::CUDAGuard guard(gate.device());
  GatedRequest request;
  request.part = part;
  request.limits.limit = static_cast<float>(limit);
  if (offset != 0) request.limits.offset = static_cast<float>(offset);
  const auto size = [&](int d) { return d < 0 ? int64_t{1} : lattice.size[d]; };
  LearnedRequest& r = request.of_gate;
  r.activation = activation;
  r.dtype = dtype_of(gate.scalar_type());
  r.outer = size(dims.outer);
  r.channels = size(dims.channel);
  r.inner = size(dims.inner);
  for (int i = 0; i < most_parameters; ++i) r.parameters[i].value = parameters[i];
  std::array<Tensor, 2> held;  // until the launch
  for (int v = 0; v < 2; ++v) {
    if (!bias[v].defined()) continue;
    LearnedParameter& p = v == 0 ? r.bias : request.up_bias;
    held[v] = bias[v].to(gate.device()).contiguous();
    p = {held[v].const_data_ptr(), 0, dtype_of(bias[v].scalar_type()), bias[v].numel() > 1};
  }

  GatedOperands& operands = request.operands;
  GateOperand* const places[] = {&operands.out[0], &operands.out[1], &operands.out[2], &operands.v_gate,
                                 &operands.v_up,   &operands.grad,   &operands.gate,   &operands.up};
  static_assert(std::size(places) == most_gate_outputs + most_gate_inputs);
  const int64_t bytes = element_bytes(r.dtype);
  for (size_t k = 0; k < std::size(places); ++k) {
    const auto& o = lattice.operands[k];
    const auto stride = [&](int d) { return d < 0 ? int64_t{0} : o.stride[d] / bytes; };
    *places[k] = {o.data, stride(dims.outer), stride(dims.channel), stride(dims.inner)};
  }

  const LearnedGrid grid(r.outer, r.channels, r.inner);
  const bool any = summed[0] || summed[1];
  const Tensor sums = any ? at::empty({grid.parts, grid.columns, 2}, gate.options().dtype(at::kDouble)) : Tensor();
  if (any) r.sums = sums.mutable_data_ptr<double>();
  r.stream = c10::cuda::getCurrentCUDAStream().stream();
  const auto error = static_cast<cudaError_t>(launch_gated(request));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", op, ": CUDA error: ", cudaGetErrorString(error));

  std::array<Tensor, 2> results;
  if (!any) return results;
  const Tensor totals = by_channel(sums, r.channels, grid.repeat);
  for (int v = 0; v < 2; ++v) {
    if (!summed[v]) continue;
    const Tensor total = totals.select(1, v);
    results[v] = (bias[v].numel() == 1 ? total.sum() : total).reshape(bias[v].sizes());
  }
  return results;
}

}  // namespace smoothact::cuda
