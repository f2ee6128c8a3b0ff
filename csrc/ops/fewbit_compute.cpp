// SPDX-License-Identifier: Apache-2.0
// The kernels' side of codes of a few bits on the CPU, and their formulas in ATen's ops.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>

#include "../cpu/fewbit.h"
#include "fewbit.h"
#include "pages.h"
#include "parallel.h"

namespace smoothact {

using at::Tensor;
using Numbers = at::ArrayRef<double>;

namespace {

// One thread's share; whole groups.
constexpr int64_t share = 32768;
static_assert(share % codes_together == 0);

// Calls run(first element, their count) for each share.
template <class F>
void each_share(int64_t count, const F& run) {
  in_parallel((count + share - 1) / share, [&](int64_t i) { run(i * share, std::min(share, count - i * share)); });
}

void multiply(int bits, const Tensor& grad, const Tensor& codes, Numbers levels, const Tensor& out) {
  const Tensor c = codes.contiguous();
  const auto apply = cpu::find_fewbit(dtype_of(grad.scalar_type()), bits).apply;
  const char* from = static_cast<const char*>(grad.const_data_ptr());
  char* to = static_cast<char*>(out.mutable_data_ptr());
  each_share(grad.numel(), [&](int64_t first, int64_t count) {
    const int64_t at = first * grad.element_size();
    apply(levels.data(), from + at, c.const_data_ptr<uint8_t>() + code_bytes(first, bits), to + at, count);
  });
}

}  // namespace

Tensor fewbit_pack_on_cpu(const Tensor& self, Numbers boundaries) {
  const int bits = check_pack(self, boundaries);
  const Tensor x = self.contiguous();
  const Tensor codes = at::empty({code_bytes(x.numel(), bits)}, x.options().dtype(at::kByte));
  const auto pack = cpu::find_fewbit(dtype_of(x.scalar_type()), bits).pack;
  const char* from = static_cast<const char*>(x.const_data_ptr());
  auto* to = codes.mutable_data_ptr<uint8_t>();
  each_share(x.numel(), [&](int64_t first, int64_t count) {
    pack(boundaries.data(), from + first * x.element_size(), to + code_bytes(first, bits), count);
  });
  return codes;
}

Tensor fewbit_backward_on_cpu(const Tensor& grad, const Tensor& codes, Numbers levels) {
  const int bits = check_backward(grad, codes, levels);
  const Tensor g = grad.contiguous(), out = at::empty(g.sizes(), g.options());
  ask_for_large_pages(out);
  multiply(bits, g, codes, levels, out);
  return out;
}

bool fewbit_over_grad(const Tensor& grad, const Tensor& codes, Numbers levels) {
  const int bits = check_backward(grad, codes, levels);
  if (!grad.is_contiguous()) return false;
  // No op of the dispatcher's: a profile shows it all the same.
  RECORD_FUNCTION("smoothact::fewbit_backward", c10::ArrayRef<const c10::IValue>());
  multiply(bits, grad, codes, levels, grad);
  return true;
}

Tensor fewbit_pack_formulas(const Tensor& self, Numbers boundaries) {
  const int bits = check_pack(self, boundaries);
  const bool wide = self.scalar_type() == at::kDouble;
  // Padded with zeros, as the loops do it.
  const int64_t rest = (codes_together - self.numel() % codes_together) % codes_together;
  const Tensor x = at::constant_pad_nd(self.contiguous().flatten(), {0, rest}).to(wide ? at::kDouble : at::kFloat);
  Tensor code = at::zeros_like(x, at::kLong);
  for (double b : boundaries) code += x > (wide ? b : static_cast<double>(rounded_down(b)));
  const auto integers = code.options();
  const Tensor groups = code.view({-1, codes_together});
  const Tensor words = groups.__lshift__(at::arange(codes_together, integers) * bits).sum(1, true);
  return words.__rshift__(at::arange(bits, integers) * 8).bitwise_and(255).to(at::kByte).flatten();
}

Tensor fewbit_backward_formulas(const Tensor& grad, const Tensor& codes, Numbers levels) {
  const int bits = check_backward(grad, codes, levels);
  const bool wide = grad.scalar_type() == at::kDouble;
  const auto type = wide ? at::kDouble : at::kFloat;
  const Tensor bytes = codes.contiguous().view({codes.numel() / bits, bits}).to(at::kLong);
  const auto integers = bytes.options();
  const Tensor words = bytes.__lshift__(at::arange(bits, integers) * 8).sum(1, true);
  const Tensor code = words.__rshift__(at::arange(codes_together, integers) * bits).bitwise_and((1 << bits) - 1);
  const Tensor table = at::tensor(levels, at::kDouble).to(grad.device(), type);
  const Tensor level = table.index_select(0, code.flatten().narrow(0, 0, grad.numel())).view(grad.sizes());
  return (grad.contiguous().to(type) * level).to(grad.scalar_type());
}

}  // namespace smoothact
