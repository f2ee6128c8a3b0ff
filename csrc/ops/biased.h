// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry.h"

namespace smoothact {

// A pass over f(x + bias), or a gate of gate + bias and up + bias, whose operands agree in shape and dtype: on the CPU,
// and of gates on CUDA, though not of double there.
struct BiasedPass {
  int activation;
  Operation operation;
  const double* parameters;
  double limit = infinity, offset = 0;
  std::array<at::Tensor, 2> out{};  // one that is undefined is left out
  std::array<at::Tensor, 3> in{};
  // Of x, or of gate and up: undefined, of one element, or of one for each channel along `dim`.
  std::array<at::Tensor, 2> bias{};
  int64_t dim = 0;
  std::array<bool, 2> summed{};

  // The sums of the gradients that are `summed`, in double, each of the size of its bias.
  std::array<at::Tensor, 2> run() const;

 private:
  std::array<at::Tensor, 2> run_on_cpu() const;
};

// Of columns, a power of two of them, which it overwrites.
double added_columns(double* sums, int64_t columns);

}  // namespace smoothact
