// SPDX-License-Identifier: Apache-2.0
// The composite on blocks that stay in cache. Blocks are of one size and their sums are added in one order, so that a
// parameter's gradient does not depend on the number of threads.
#include <ATen/Parallel.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include "learned.h"

namespace smoothact {
namespace {

using at::Tensor;

constexpr int64_t block_size = 8192;

// self as (outer, channels, inner), in blocks.
struct Blocks {
  int64_t sizes[3], steps[3], counts[3];

  Blocks(const Tensor& self, int64_t dim, bool channels) {
    const int64_t kept = channels ? at::maybe_wrap_dim(dim, self.dim()) : 0;
    sizes[0] = sizes[1] = sizes[2] = 1;
    for (int64_t i = 0; i < self.dim(); ++i) sizes[!channels ? 2 : i < kept ? 0 : i == kept ? 1 : 2] *= self.size(i);
    int64_t room = block_size;
    for (int i : {2, 1, 0}) {
      steps[i] = std::clamp<int64_t>(room, 1, std::max<int64_t>(sizes[i], 1));
      counts[i] = (sizes[i] + steps[i] - 1) / steps[i];
      room /= steps[i];
    }
  }
  int64_t total() const { return counts[0] * counts[1] * counts[2]; }
  Tensor shaped(const Tensor& t) const { return t.view({sizes[0], sizes[1], sizes[2]}); }
  Tensor part(const Tensor& t, int64_t block) const {
    Tensor r = t;
    for (int i : {2, 1, 0}) {
      const int64_t at = block % counts[i] * steps[i];
      r = r.narrow(i, at, std::min(steps[i], sizes[i] - at));
      block /= counts[i];
    }
    return r;
  }
  Tensor channels(const Tensor& p, int64_t block) const {
    if (p.dim() == 0) return p;
    const int64_t at = block / counts[2] % counts[1] * steps[1];
    return p.narrow(0, at, std::min(steps[1], sizes[1] - at));
  }
};

}  // namespace

std::vector<Tensor> learned_in_blocks(const LearnedCall& c, const Tensor& grad, Inputs in,
                                      const LearnedCall::Needed& needed) {
  const at::NoGradGuard no_grad;
  check_learned(c, in, grad.defined() ? &grad : nullptr);
  LearnedCall::Tensors p;
  bool channels = false;
  for (int i = 1; i < c.inputs(); ++i) {
    if (!in[i].defined()) continue;
    p[i] = in[i].numel() == 1 ? in[i].reshape({}) : in[i];
    p[i] = p[i].to(at::kDouble);
    channels = channels || p[i].dim() == 1;
  }
  const Blocks blocks(in[0], c.dim(), channels);
  const Tensor x = blocks.shaped(in[0].contiguous()), g = grad.defined() ? blocks.shaped(grad.contiguous()) : grad;
  const bool image = !grad.defined() || needed[0];
  const Tensor out = image ? at::empty_like(in[0], at::MemoryFormat::Contiguous) : Tensor();
  LearnedCall call = c;
  call.integers[1] = 1;
  std::vector<std::vector<Tensor>> sums(blocks.total());
  at::parallel_for(0, blocks.total(), 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad_here;
    for (int64_t b = begin; b < end; ++b) {
      LearnedCall::Tensors inputs;
      inputs[0] = blocks.part(x, b);
      for (int i = 1; i < c.inputs(); ++i) inputs[i] = p[i].defined() ? blocks.channels(p[i], b) : p[i];
      const Inputs part(inputs.data(), c.inputs());
      if (grad.defined()) sums[b] = learned_gradients(call, blocks.part(g, b), part, needed);
      if (!image) continue;
      const Tensor target = blocks.part(blocks.shaped(out), b);
      if (grad.defined())
        target.copy_(std::exchange(sums[b][0], {}));
      else
        target.copy_(learned_value(call, part));
    }
  });
  if (!grad.defined()) return {out};

  std::vector<Tensor> results(c.inputs());
  results[0] = out;
  for (int i = 1; i < c.inputs(); ++i) {
    if (!needed[i] || !p[i].defined()) continue;
    const Tensor sum = at::zeros(p[i].sizes(), p[i].options());
    for (int64_t b = 0; b < blocks.total(); ++b)
      blocks.channels(sum, b).add_(sums[b][i].reshape(blocks.channels(sum, b).sizes()));
    results[i] = sum.reshape(in[i].sizes()).to(in[i].scalar_type());
  }
  return results;
}

}  // namespace smoothact
