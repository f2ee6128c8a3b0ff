// SPDX-License-Identifier: Apache-2.0
// P(x) / (1 + |Q(x)|), P = a0 + ... + am x^m and Q = b1 x + ... + bn x^n, and its gradients by x and all coefficients.
#pragma once

#include "entry.h"

namespace smoothact::rational {

using Given = std::array<at::Tensor, 3>;  // self, numerator, denominator
using Needed = std::array<bool, 3>;       // of the gradients; one that is not is undefined

// On the CPU in one pass; not to be differentiated.
at::Tensor value_on_cpu(const Given&);
std::vector<at::Tensor> gradients_on_cpu(const at::Tensor& grad, const Given&, const Needed&);
// The same, grad_self in the place of grad, where both are contiguous; else false.
bool gradients_over_grad(const at::Tensor& grad, const Given&, const Needed&, std::vector<at::Tensor>& results);

// As graphs of ATen calls.
at::Tensor value_composite(const Given&);
std::vector<at::Tensor> gradients_composite(const at::Tensor& grad, const Given&, const Needed&);

void check(const Given&);
void check(const at::Tensor& grad, const Given&);

}  // namespace smoothact::rational
