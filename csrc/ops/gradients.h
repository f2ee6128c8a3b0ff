// SPDX-License-Identifier: Apache-2.0
// What backward ops share that know no more of their inputs.
#pragma once

#include "entry.h"

namespace smoothact {

// Against self, and the sizes of `whose`.
void check_grad(c10::function_ref<std::string()> op, const at::Tensor& grad, const at::Tensor& self,
                c10::SymIntArrayRef sizes, const char* whose);

// Room for the gradients, each of its input's layout. What is not needed is undefined.
std::vector<at::Tensor> like_inputs(Inputs, at::ArrayRef<bool> needed);
// The gradients in that layout.
std::vector<at::Tensor> in_layout(const std::vector<at::Tensor>& gradients, Inputs, at::ArrayRef<bool> needed);

}  // namespace smoothact
