// SPDX-License-Identifier: Apache-2.0
// Which loop serves an op: one table per instruction set, filled while the library loads.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/gate.h"
#include "../kernels/request.h"

namespace smoothact::cpu {

// Runs size1 rows of size0 elements. strides: bytes, one per operand along a row, then one per operand across rows.
using Loop = void (*)(const double* parameters, char** data, const int64_t* strides, int64_t size0, int64_t size1);

enum class Isa : int { DEFAULT, AVX2, AVX512 };
inline constexpr int isas = 3;
inline constexpr const char* isa_names[isas] = {"DEFAULT", "AVX2", "AVX512"};

void add(Isa, int activation, Order, DType, Loop);
Loop find(int activation, Order, DType);

// A gate's y or gradients without limits, in one loop of its activation's; null where there is none.
void add_fused_gate(Isa, int activation, GatePart, DType, Loop);
Loop find_fused_gate(int activation, GatePart, DType);

// Any other gate runs on the loops of its activation in the type that is computed in. Operands: the outputs, then the
// inputs that are present.
struct GateCall {
  Loop loops[orders];
  const double* parameters;
  double limit, offset;
};
using GateLoop = void (*)(const GateCall&, char** data, const int64_t* strides, int64_t size0, int64_t size1);

void add_gate(Isa, GatePart, Directions, bool limited, DType, GateLoop);
GateLoop find_gate(GatePart, Directions, bool limited, DType);

// In double, self plus a bias, which is added in the type that is computed in, and grad times up, if there is one: what
// sums of slopes are taken of.
struct SlopeOperands {
  const void *self, *grad, *up;
  double bias;
};
using Widening = void (*)(const SlopeOperands&, double* x, double* grad, int64_t count);

void add_widening(Isa, DType, Widening);
Widening find_widening(DType);

// For each parameter, the sum of grad times what f gains with it. `count` is a multiple of slope_step.
inline constexpr int64_t slope_step = 16;
using SlopeSum = void (*)(const double* parameters, const double* grad, const double* x, int64_t count, double* sums);

void add_slopes(Isa, int activation, SlopeSum);
SlopeSum find_slopes(int activation);

std::vector<Isa> built();
Isa active();

}  // namespace smoothact::cpu
