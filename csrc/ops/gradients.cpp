// SPDX-License-Identifier: Apache-2.0
#include "gradients.h"

#include <ATen/ops/empty_like.h>

namespace smoothact {

using at::Tensor;

void check_grad(c10::function_ref<std::string()> op, const Tensor& grad, const Tensor& self, c10::SymIntArrayRef sizes,
                const char* whose) {
  TORCH_CHECK_TYPE(grad.scalar_type() == self.scalar_type(), "smoothact::", op(),
                   ": expected grad to have the dtype of self (", self.scalar_type(), "), got ", grad.scalar_type());
  TORCH_CHECK(grad.device() == self.device(), "smoothact::", op(), ": expected grad to be on the device of self (",
              self.device(), "), got ", grad.device());
  TORCH_CHECK_VALUE(grad.sym_sizes().equals(sizes), "smoothact::", op(), ": expected grad to have the shape of ", whose,
                    " (", sizes, "), got ", grad.sym_sizes());
}

std::vector<Tensor> like_inputs(Inputs in, at::ArrayRef<bool> needed) {
  std::vector<Tensor> out(in.size());
  for (size_t i = 0; i < in.size(); ++i)
    if (needed[i] && in[i].defined()) out[i] = at::empty_like(in[i]);
  return out;
}

std::vector<Tensor> in_layout(const std::vector<Tensor>& gradients, Inputs in, at::ArrayRef<bool> needed) {
  auto out = like_inputs(in, needed);
  for (size_t i = 0; i < out.size(); ++i)
    if (out[i].defined()) out[i].copy_(gradients[i]);
  return out;
}

}  // namespace smoothact
