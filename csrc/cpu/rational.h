// SPDX-License-Identifier: Apache-2.0
// The loops of P(x) / (1 + |Q(x)|), P = a0 + ... + am x^m and Q = b1 x + ... + bn x^n: one table per instruction set,
// as registry.h. They go over dense elements.
#pragma once

#include "registry.h"

namespace smoothact::cpu {

// Coefficients are of the type that is computed in.
struct RationalCall {
  const void *numerator, *denominator;  // a0, ..., am and b1, ..., bn
  int64_t numerators, denominators;     // m + 1 and n
  int64_t top, bottom;                  // the highest powers in P and Q whose coefficients are not 0, or 0
};

using RationalValue = void (*)(const RationalCall&, const char* x, char* y, int64_t count);
// grad_x may be null. So may sums, of which each coefficient's is added to; scratch has rational_scratch of bytes.
using RationalGradients = void (*)(const RationalCall&, const char* grad, const char* x, char* grad_x, double* sums,
                                   char* scratch, int64_t count);
struct RationalLoops {
  RationalValue value;
  RationalGradients gradients;
};

// A register of what is computed in and twice as many doubles, for each coefficient.
constexpr int64_t rational_scratch(const RationalCall& c) { return (c.numerators + c.denominators) * 3 * 64; }

void add_rational(Isa, DType, RationalValue, RationalGradients);
RationalLoops find_rational(DType);

}  // namespace smoothact::cpu
