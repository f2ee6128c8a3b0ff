// SPDX-License-Identifier: Apache-2.0
// Activations whose parameters are tensors, and of self with a bias added: of no dimensions, or with an element for
// every channel, along `dim` of self. Given `up`, of the shape and dtype of self, they gate it: f(self + bias)·up; or
// given a layout self is gate and up in one, halves along `dim`.
#pragma once

#include "../math/dual_tensor.h"
#include "channels.h"
#include "entry.h"

namespace smoothact {

// f, f' or f'' on tensors of double, its parameters tensors with the slopes that are asked for, or undefined: absent.
using LearnedFormula = dual::Tensor (*)(const at::Tensor& x, const dual::Tensor* parameters);
struct LearnedFormulas {
  LearnedFormula f, df, d2f;
};
void add_learned_formulas(int activation, const LearnedFormulas&);
const LearnedFormulas& learned_formulas(int activation);
// f' with f'' for its derivative by x, where somebody may ask for one; with the shape of x if so.
at::Tensor learned_slope(int activation, const at::Tensor& x, const dual::Tensor* parameters);

// At which derivatives by the parameters are taken, finite: a slope of 0 must not meet an infinity.
inline constexpr double farthest = 1e300;

// The arguments of name.Tensor and name_backward.Tensor: self, the parameters, the bias, and up.
struct LearnedCall {
  static constexpr int most_inputs = 1 + most_parameters + 2;
  using Tensors = std::array<at::Tensor, most_inputs>;
  using Needed = std::array<bool, most_inputs>;

  static constexpr int64_t apart = -1;

  std::array<int64_t, 3> integers{0, 1, apart};  // activation, dim, layout
  std::array<double, 0> parameters{};

  const Entry& entry() const { return entries()[integers[0]]; }
  int64_t dim() const { return integers[1]; }
  int64_t layout() const { return integers[2]; }
  bool packed() const { return layout() != apart; }
  int inputs() const { return up() + 1; }
  // Their places among the inputs.
  int bias() const { return 1 + entry().descriptor->parameters.size; }
  int up() const { return bias() + 1; }
  std::string node_name() const;
  std::vector<at::Tensor> derivatives(const at::Tensor& grad, const Needed&, const Tensors&) const;
};

// ATen differentiates these. The tangent is of inputs that have been checked; learned_composite checks them, and gives
// the gradients where grad is defined, or else the value alone.
at::Tensor learned_tangent(const LearnedCall&, Inputs, Inputs tangents);
std::vector<at::Tensor> learned_composite(const LearnedCall&, const at::Tensor& grad, Inputs,
                                          const LearnedCall::Needed&);
// The same in one pass, of what is not packed; not to be differentiated. The gradients by self and up go to `places`
// where these are defined and a loop may write there. On CUDA the product with up is a pass of its own.
using Places = std::array<at::Tensor, 2>;
std::vector<at::Tensor> learned_on_cpu(const LearnedCall&, const at::Tensor& grad, Inputs, const LearnedCall::Needed&,
                                       const Places&);
std::vector<at::Tensor> learned_on_cuda(const LearnedCall&, const at::Tensor& grad, Inputs, const LearnedCall::Needed&,
                                        const Places&);
void check_learned(const LearnedCall&, Inputs, const at::Tensor* grad = nullptr);

}  // namespace smoothact
