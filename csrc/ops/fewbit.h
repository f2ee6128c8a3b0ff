// SPDX-License-Identifier: Apache-2.0
// Activations that save, instead of x, a code of a few bits for each element: in which interval x lies. The gradient is
// multiplied by a number for the interval.
#pragma once

#include "../kernels/fewbit.h"
#include "entry.h"

namespace smoothact {

// Codes are those of the elements in the order of their indices, whatever the strides.
at::Tensor fewbit_pack_on_cpu(const at::Tensor& self, at::ArrayRef<double> boundaries);
at::Tensor fewbit_backward_on_cpu(const at::Tensor& grad, const at::Tensor& codes, at::ArrayRef<double> levels);
// In the place of grad, where its elements lie in order; else false.
bool fewbit_over_grad(const at::Tensor& grad, const at::Tensor& codes, at::ArrayRef<double> levels);
#if defined(SMOOTHACT_WITH_CUDA)
at::Tensor fewbit_pack_on_cuda(const at::Tensor& self, at::ArrayRef<double> boundaries);
at::Tensor fewbit_backward_on_cuda(const at::Tensor& grad, const at::Tensor& codes, at::ArrayRef<double> levels);
#endif
// The same in ATen's ops, for other devices.
at::Tensor fewbit_pack_formulas(const at::Tensor& self, at::ArrayRef<double> boundaries);
at::Tensor fewbit_backward_formulas(const at::Tensor& grad, const at::Tensor& codes, at::ArrayRef<double> levels);

// Raise what is wrong, and return the number of bits.
int check_pack(const at::Tensor& self, at::ArrayRef<double> boundaries);
int check_backward(const at::Tensor& grad, const at::Tensor& codes, at::ArrayRef<double> levels);

}  // namespace smoothact
