// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gated_request.h"
#include "learned_plan.h"

namespace smoothact::cuda {

struct GatedPlan {
  LearnedPlan of_gate;
  LearnedParameter up_bias;
  GatedOperands operands;
  GatePart part;
  Limits limits;

  GatedPlan(const GatedRequest& r, const LearnedGrid& grid)
      : of_gate(r.of_gate, grid), up_bias(r.up_bias), operands(r.operands), part(r.part), limits(r.limits) {}
};

}  // namespace smoothact::cuda
