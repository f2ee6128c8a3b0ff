// SPDX-License-Identifier: Apache-2.0
// The loops of smooth maxima over rows: one table per instruction set, as registry.h.
#pragma once

#include "../kernels/smooth_max.h"
#include "registry.h"

namespace smoothact::cpu {

// Outputs, then inputs: {y, x}, {by x, grad, x}, {by grad, by x, grad_grad, grad, x}. Those by x, grad_grad and x have
// all elements of the rows, the others one for each.
inline constexpr int most_smooth_max_operands = 5;
constexpr int smooth_max_operands(Order o) { return o == Order::forward ? 2 : o == Order::backward ? 3 : 5; }
constexpr bool has_elements(Order o, int operand) {
  return o == Order::backward ? operand != 1 : operand != 0 && operand != 3;
}

struct SmoothMaxPass {
  SmoothMaxKind kind;
  double sharpness;
  int64_t length;                           // of a row, 1 or more
  int64_t along[most_smooth_max_operands];  // bytes between the elements of a row
  char* scratch;                            // for rows that are short, or not all of whose elements lie side by side
};
// strides: bytes between rows, one per operand.
using SmoothMaxRows = void (*)(const SmoothMaxPass&, char* const* data, const int64_t* strides, int64_t rows);

// A row is taken in segments, and where its elements lie apart with as many others as share a line of the cache. It is
// summed segment by segment, so that the sum is one however the row lies.
inline constexpr int64_t smooth_max_segment = 4096, smooth_max_line = 64;
// Elements between the rows that are brought together; a power of two would put them all into a few lines of the cache.
constexpr int64_t smooth_max_pitch(int64_t length) {
  return ((length < smooth_max_segment ? length : smooth_max_segment) + 63) / 64 * 64 + 16;
}
// Rows of up to so many elements are turned, so many at a time.
inline constexpr int64_t smooth_max_short = 48, smooth_max_together = 128;
constexpr int64_t smooth_max_scratch(int64_t length, bool dense) {
  const int64_t turned = length <= smooth_max_short ? 3 * 8 * smooth_max_together * length : 0;
  const int64_t gathered = dense ? 0 : 2 * smooth_max_line * smooth_max_pitch(length);
  return turned > gathered ? turned : gathered;
}

void add_smooth_max(Isa, Order, bool boltzmann, DType, SmoothMaxRows);
SmoothMaxRows find_smooth_max(Order, SmoothMaxKind, DType);

}  // namespace smoothact::cpu
