// SPDX-License-Identifier: Apache-2.0
// The kernels' side of smooth maxima on the CPU: rows out of tensors of any layout. A row's result is computed by one
// thread.
#include <ATen/TensorIterator.h>

#include <memory>

#include "../cpu/smooth_max.h"
#include "pages.h"
#include "smooth_max.h"

namespace smoothact {

using at::Tensor;

constexpr int64_t few_rows = 16;

std::vector<Tensor> smooth_max_on_cpu(const SmoothMaxCall& given, Inputs in) {
  const SmoothMaxCall c = checked(given, in);
  if (!fused(c, in)) return smooth_max_formulas(c, in);
  const auto out = allocate(c, in);
  for (const auto& t : out) ask_for_large_pages(t);

  std::vector<Tensor> operands = out;
  operands.insert(operands.end(), in.begin(), in.end());
  const Tensor& self = in.back();
  cpu::SmoothMaxPass pass{c.kind(), c.sharpness(), self.size(c.dim()), {}, nullptr};
  at::TensorIteratorConfig config;
  config.resize_outputs(false).set_check_mem_overlap(false);  // the outputs are new
  bool dense = true;
  for (size_t k = 0; k < operands.size(); ++k) {
    const Tensor& t = operands[k];
    const bool full = cpu::has_elements(c.order(), static_cast<int>(k));
    if (full) {
      pass.along[k] = t.stride(c.dim()) * t.element_size();
      dense = dense && t.stride(c.dim()) == 1;
    }
    const Tensor rows = full || c.keepdim() ? t.select(c.dim(), 0) : t;
    k < out.size() ? config.add_owned_output(rows) : config.add_owned_const_input(rows);
  }
  const auto kernel = cpu::find_smooth_max(c.order(), c.kind(), dtype_of(self.scalar_type()));
  const size_t scratch = cpu::smooth_max_scratch(pass.length, dense);
  auto it = config.build();
  it.for_each(
      [&](char** data, const int64_t* strides, int64_t size0, int64_t size1) {
        const auto buffer = std::make_unique_for_overwrite<char[]>(scratch);
        cpu::SmoothMaxPass own = pass;
        own.scratch = buffer.get();
        // The kernel's rows are those along the longer dim, where the other has but a few.
        const size_t count = operands.size();
        const int64_t *along = strides, *across = strides + count;
        if (size0 < few_rows && size0 < size1) {
          std::swap(along, across);
          std::swap(size0, size1);
        }
        char* at[cpu::most_smooth_max_operands];
        std::copy_n(data, count, at);
        for (int64_t i = 0; i < size1; ++i) {
          kernel(own, at, along, size0);
          for (size_t k = 0; k < count; ++k) at[k] += across[k];
        }
      },
      std::max<int64_t>(1, at::internal::GRAIN_SIZE / pass.length));
  return out;
}

}  // namespace smoothact
