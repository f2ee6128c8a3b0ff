// SPDX-License-Identifier: Apache-2.0
// Calls whose self is gate and up in one tensor, halves along `dim`, as calls of two.
#pragma once

#include "gates.h"
#include "learned.h"

namespace smoothact {

struct LearnedHalves {
  LearnedCall call;
  LearnedCall::Tensors in;
  LearnedCall::Needed needed;

  // Of a call that is not packed, itself.
  LearnedHalves(const LearnedCall&, Inputs, const LearnedCall::Needed& = {});
  Inputs inputs() const { return {in.data(), static_cast<size_t>(call.inputs())}; }

  // Gate and up of what is packed as self is.
  std::array<at::Tensor, 2> of(const at::Tensor& whole) const { return halves(whole, gating_); }
  // The gradients of the packed call.
  std::vector<at::Tensor> packed(std::vector<at::Tensor> gradients) const;

 private:
  bool packed_;
  Gating gating_;
};

}  // namespace smoothact
