// SPDX-License-Identifier: Apache-2.0
// A code of a few bits for each element: in which of 2^bits intervals it lies. Eight codes, the first in the lowest
// bits, are a little-endian number of `bits` bytes.
#pragma once

#include "../math/number.h"
#include "request.h"

namespace smoothact {

inline constexpr int least_code_bits = 2, most_code_bits = 4, most_levels = 1 << most_code_bits, codes_together = 8;

template <class Int>
constexpr Int code_bytes(const Int& elements, int bits) {
  return (elements + (codes_together - 1)) / codes_together * bits;
}

inline namespace SMOOTHACT_ISA {

// What a number of single precision exceeds exactly if it exceeds b.
SMOOTHACT_FN float rounded_down(double b) {
  const float f = static_cast<float>(b);
  return f > b ? __builtin_nextafterf(f, -__builtin_inff()) : f;
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
