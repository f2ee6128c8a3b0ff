// SPDX-License-Identifier: Apache-2.0
// The smooth maximum over a dim: smooth_max, smooth_max_backward and smooth_max_double_backward, which gives the
// derivatives of the former's sum with grad_grad by grad and self.
#pragma once

#include "../kernels/smooth_max.h"
#include "entry.h"

namespace smoothact {

struct SmoothMaxCall {
  static constexpr int most_inputs = 2;  // of those with a node: forward and backward
  using Tensors = std::array<at::Tensor, most_inputs>;
  using Needed = std::array<bool, most_inputs>;

  std::array<int64_t, 4> integers{};  // order, kind, dim, keepdim
  std::array<double, 1> parameters{};

  Order order() const { return static_cast<Order>(integers[0]); }
  SmoothMaxKind kind() const { return static_cast<SmoothMaxKind>(integers[1]); }
  int64_t dim() const { return integers[2]; }
  bool keepdim() const { return integers[3] != 0; }
  double sharpness() const { return parameters[0]; }
  int inputs() const { return inputs_of(order()); }
  std::string name() const { return std::string("smooth_max") + suffixes[integers[0]]; }
  std::string node_name() const;
  std::vector<at::Tensor> derivatives(const at::Tensor& grad, const Needed&, const Tensors&) const;

  // Calls the op of another order with the same arguments.
  std::vector<at::Tensor> call(Order, Inputs) const;
};

// Raises what is wrong, and returns the call with its dim from 0 on. Inputs in the order of the op's arguments.
SmoothMaxCall checked(SmoothMaxCall, Inputs);

// Of what has one element for each row.
std::vector<c10::SymInt> row_shape(const SmoothMaxCall&, const at::Tensor& self);
// Results as an op returns them, contiguous where they have one element for a row, and else of self's layout.
std::vector<at::Tensor> allocate(const SmoothMaxCall&, Inputs);

// As a graph of ATen calls, which differentiates; then in the layouts above.
std::vector<at::Tensor> smooth_max_composite(const SmoothMaxCall&, Inputs);
std::vector<at::Tensor> smooth_max_formulas(const SmoothMaxCall&, Inputs);
// Whether a kernel takes it; else it is for the formulas.
bool fused(const SmoothMaxCall&, Inputs);
std::vector<at::Tensor> smooth_max_on_cpu(const SmoothMaxCall&, Inputs);
std::vector<at::Tensor> smooth_max_on_cuda(const SmoothMaxCall&, Inputs);

}  // namespace smoothact
