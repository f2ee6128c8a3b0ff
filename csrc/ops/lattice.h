// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace smoothact {

// Operands of one shape, or that broadcast to it, over few dims, the fastest first, of which one may be that of
// channels.
struct Lattice {
  static constexpr int most_dims = 3, most_operands = 8;
  struct Operand {
    char* data = nullptr;         // of a tensor that is undefined
    int64_t stride[most_dims]{};  // in bytes
  };

  int dims;                                                // more than most_dims do not fit
  int64_t size[most_dims]{1, 1, 1}, channel[most_dims]{};  // what a step adds to the channel
  Operand operands[most_operands];

  // The operands are the outputs, then the inputs.
  Lattice(at::ArrayRef<at::Tensor> outputs, at::ArrayRef<at::Tensor> inputs, int64_t channels, int64_t dim);

  bool fits() const { return dims <= most_dims; }
  // Whether a row goes on where the one before ends.
  bool joins() const;
  // The first `rows` rows of these, `times` of them to one.
  Lattice joined(int64_t rows, int64_t times) const;
  Lattice after(int64_t rows) const;
};

// Which dims of a lattice are those before the channels, theirs, and those after; -1: of size 1.
struct Around {
  int outer = -1, channel = -1, inner = -1;
  bool fits;  // one each

  explicit Around(const Lattice&);
};

}  // namespace smoothact
