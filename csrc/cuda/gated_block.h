// SPDX-License-Identifier: Apache-2.0
// A gate, with biases of its halves, and its derivatives along directions, in one pass. The part and the dtype are
// found while it runs, so that one kernel serves all: it is bound by instructions, where those of plain gates are by
// memory.
#pragma once

#include <limits>

#include "../math/simd.h"
#include "gated_plan.h"
#include "learned_sums.h"
#include "learned_walk.h"

namespace smoothact::cuda {

template <class A>
struct GatedBlock {
  using V = math::Simd<float, 1>;

  struct Shared {
    LearnedColumns<A> columns;
    float up_bias[LearnedGrid::most_lanes];
    LearnedSums<2> sums;
  };

  static SMOOTHACT_FN void construct(const GatedPlan& plan, uint32_t block, int thread, Shared& shared) {
    const LearnedPlace place(plan.of_gate, block, thread);
    if (thread < plan.of_gate.grid.lanes && place.column < plan.of_gate.grid.columns)
      shared.up_bias[thread] = static_cast<float>(value_of(plan.up_bias, place.column / plan.of_gate.grid.repeat));
    shared.columns.construct(plan.of_gate, block, thread, [](const double* p) { return from_numbers<A>(p); });
  }

  // The thread's elements; its sums into shared memory.
  static SMOOTHACT_FN void pass(const GatedPlan& plan, uint32_t block, int thread, Shared& shared) {
    const LearnedGrid& grid = plan.of_gate.grid;
    const LearnedPlace place(plan.of_gate, block, thread);
    float totals[2] = {};
    if (!place.nothing()) {
      const int64_t channel = place.column / grid.repeat, beside = place.column % grid.repeat;
      const int64_t round = LearnedGrid::threads / grid.lanes, rows = round / grid.run, rest = round % grid.run;
      int64_t row = place.first / grid.run, position = place.first % grid.run;
      for (int64_t e = place.first; e < place.end; e += round) {
        const int64_t inner = position + beside;
        const auto at = [&](const GateOperand& o) { return row * o.outer + channel * o.channel + inner * o.inner; };
        const auto read = [&](const GateOperand& o) -> V {
          return o.data ? load(plan.of_gate.dtype, o.data, at(o)) : 0.0f;
        };
        const GatedOperands& operands = plan.operands;
        V out[most_gate_outputs];
        evaluate(plan, shared.columns[place.lane], read(operands.v_gate), read(operands.v_up), read(operands.grad),
                 read(operands.gate) + V(shared.columns.bias[place.lane]),
                 read(operands.up) + V(shared.up_bias[place.lane]), out);
        SMOOTHACT_UNROLL
        for (int k = 0; k < most_gate_outputs; ++k)
          if (operands.out[k].data) store(plan.of_gate.dtype, operands.out[k].data, at(operands.out[k]), out[k].v);
        SMOOTHACT_UNROLL
        for (int k = 0; k < 2; ++k) totals[k] += out[k].v;
        row += rows;
        position += rest;
        if (position >= grid.run) {
          position -= grid.run;
          ++row;
        }
      }
    }
    for (int k = 0; k < 2; ++k) shared.sums.of[k][thread] = totals[k];
  }

 private:
  // f' meets one factor at a time, as in Gated of order.h.
  static SMOOTHACT_FN void evaluate(const GatedPlan& plan, const A& a, V v_gate, V v_up, V grad, V gate, V up, V* out) {
    const GatePart part = plan.part;
    const bool along_gate = plan.operands.v_gate.data, along_up = plan.operands.v_up.data;
    const V limit(plan.limits.limit);
    const auto beyond_gate = limit < gate, above = limit < up, below = up < -limit, beyond_up = above | below;
    const auto of_gate = [&](V v) { return select(beyond_gate, V(0), v); };
    const auto of_up = [&](V v) { return select(beyond_up, V(0), v); };
    gate = select(beyond_gate, limit, gate);
    up = select(above, limit, select(below, -limit, up)) + V(plan.limits.offset);
    v_gate = of_gate(v_gate);
    v_up = of_up(v_up);
    // By what stands beside it, the derivative along the directions that are present.
    const auto along = [&](V by_gate, V by_up) {
      if (!along_up) return v_gate * by_gate;
      if (!along_gate) return v_up * by_up;
      return v_gate * by_gate + v_up * by_up;
    };
    V f(0), df(0);
    if (!has_directions(part) || along_up) f = a.f(gate);
    if (part != GatePart::forward) df = a.df(gate);
    out[1] = out[2] = V(0);
    if (part == GatePart::forward) {
      out[0] = f * up;
    } else if (part == GatePart::backward) {
      out[0] = of_gate(up * df * grad);
      out[1] = of_up(f * grad);
    } else {
      out[0] = along(up * df, f);
      if (part == GatePart::double_backward) {
        V up_d2f(0);
        if (along_gate) up_d2f = up * a.d2f(gate);
        out[1] = of_gate(along(up_d2f, df) * grad);
        if (along_gate) out[2] = of_up(v_gate * df * grad);
      }
    }
  }
};

}  // namespace smoothact::cuda
