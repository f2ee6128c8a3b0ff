// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../kernels/gate.h"
#include "../ops/entry.h"

namespace smoothact::cuda {

// A pass over a gate of gate + bias and up + bias, or along directions. Not of double.
struct GatedPass {
  int activation;
  GatePart part;
  const double* parameters;
  double limit = infinity, offset = 0;
  const char* op;
  std::array<at::Tensor, most_gate_outputs> out;  // one that is undefined is left out
  std::array<at::Tensor, most_gate_inputs> in;    // v_gate, v_up, grad, gate, up, of which the first may be undefined
  std::array<at::Tensor, 2> bias;                 // of gate and up: undefined, of one element, or of one per channel
  int64_t dim = 0;
  std::array<bool, 2> summed{};

  // The sums of the gradients that are `summed`, in double, each of the size of its bias.
  std::array<at::Tensor, 2> run() const;
};

}  // namespace smoothact::cuda
