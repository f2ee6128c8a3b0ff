// SPDX-License-Identifier: Apache-2.0
// Activations and gates of what a bias is added to first, and the sums of their gradients, in the same pass.
#pragma once

#include "registry.h"

namespace smoothact::cpu {

struct BiasedOperand {
  char* data = nullptr;            // an output may be left out
  int64_t stride = 0, across = 0;  // in bytes: along a row, and from row to row
};

// Rows that share their biases. Where there is one for each column the sums are of the columns, else of those that are
// equal modulo biased_block.
inline constexpr int64_t biased_block = 512;
struct BiasedRows {
  int64_t rows, columns;
  BiasedOperand operands[max_operands];  // the outputs, then the inputs
  const void* bias[2] = {};              // of x, or of gate and up, in the type that is computed in
  bool each_column = false;
  double* sums[2] = {};  // of each gradient; added to
};

struct BiasedCall {
  GateCall gate;
  Loop loop;  // of all that is computed, or null
};
using BiasedLoop = void (*)(const BiasedCall&, const BiasedRows&);

void add_biased(Isa, Operation, bool limited, DType, BiasedLoop);
BiasedLoop find_biased(Operation, bool limited, DType);

}  // namespace smoothact::cpu
