// SPDX-License-Identifier: Apache-2.0
#include "channels.h"

#include <ATen/TensorOperators.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/ops/sum.h>

#include "entry.h"

namespace smoothact {

using at::Tensor;

bool per_channel(const Tensor& p) { return p.dim() == 1 && p.sym_size(0) != 1; }

Tensor beside(const Tensor& self, const Tensor& p, int64_t dim) {
  // Not squeezed: a DTensor's dim may be sharded, however short.
  if (!per_channel(p)) return p.dim() == 0 ? p : p.select(0, 0);
  std::vector<c10::SymInt> sizes(self.dim() - at::maybe_wrap_dim(dim, self.dim()), 1);
  sizes[0] = p.sym_size(0);
  return p.view_symint(sizes);
}

Tensor plus_bias(const Tensor& self, const Tensor& bias, int64_t dim) {
  const auto type = computed_type(self.scalar_type());
  return self.to(type) + beside(self, bias.to(type), dim);
}

Tensor reduced(const Tensor& t, const Tensor& self, const Tensor& p, int64_t dim) {
  if (!per_channel(p)) return t.sum().reshape_symint(p.sym_sizes()).to(p.scalar_type());
  const int64_t kept = at::maybe_wrap_dim(dim, self.dim());
  std::vector<int64_t> others;
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (i != kept) others.push_back(i);
  }
  // t may be a result itself.
  return (others.empty() ? t.clone() : t.sum(others)).to(p.scalar_type());
}

void check_channelwise(const std::string& op, std::string_view name, const Tensor& p, const Tensor& self,
                       const char* whole, int64_t dim) {
  TORCH_CHECK_TYPE(p.layout() == at::kStrided, "smoothact::", op, ": expected ", name, " to be strided, got layout ",
                   p.layout());
  const auto type = p.scalar_type();
  TORCH_CHECK_TYPE(type == at::kFloat || type == at::kDouble || type == at::kBFloat16 || type == at::kHalf,
                   "smoothact::", op, ": expected ", name, " to be of Float, Double, BFloat16 or Half, got ", type);
  TORCH_CHECK(p.device() == self.device() || (p.dim() == 0 && p.is_cpu()), "smoothact::", op, ": expected ", name,
              " to be on the device of ", whole, " (", self.device(), "), got ", p.device());
  TORCH_CHECK_VALUE(p.dim() <= 1, "smoothact::", op, ": expected ", name, " to have no dimensions or one, got shape ",
                    p.sym_sizes());
  if (!per_channel(p)) return;
  TORCH_CHECK_INDEX(-self.dim() <= dim && dim < self.dim(), "smoothact::", op, ": ", name, " has ", p.sym_size(0),
                    " channels along dim ", dim, ", but ", whole, " has ", self.dim(), " dimensions");
  TORCH_CHECK_VALUE(p.sym_size(0) == self.sym_size(dim), "smoothact::", op, ": expected ", name,
                    " to have the size of ", whole, " along dim ", dim, " (", self.sym_size(dim), "), got ",
                    p.sym_size(0));
}

}  // namespace smoothact
