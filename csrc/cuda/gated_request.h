// SPDX-License-Identifier: Apache-2.0
// One launch of a gate with biases, or along directions, as plain data.
#pragma once

#include "../kernels/gate.h"
#include "learned_request.h"

namespace smoothact::cuda {

struct GateOperand {
  void* data = nullptr;                       // of one that is absent, or not wanted
  int64_t outer = 0, channel = 0, inner = 0;  // strides, in elements
};

struct GatedOperands {
  GateOperand out[most_gate_outputs], v_gate, v_up, grad, gate, up;
};

struct GatedRequest {
  LearnedRequest of_gate;  // its activation, extents, parameters, and bias; the sums are those by either bias
  LearnedParameter up_bias{nullptr, -0.0};
  GatedOperands operands;
  GatePart part;
  Limits limits;
};

// Returns a cudaError_t.
int launch_gated(const GatedRequest&);

}  // namespace smoothact::cuda
