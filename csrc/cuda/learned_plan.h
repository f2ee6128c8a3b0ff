// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "learned_request.h"

namespace smoothact::cuda {

// How the elements are shared out: every block has a part of one column's elements, or of up to 32 neighbouring
// columns', a column for a lane; lanes are a power of two. A column is a channel, or where its elements lie apart, one
// of its `inner` many.
struct LearnedGrid {
  static constexpr int threads = 256, most_lanes = 32, most_rounds = 32, few_blocks = 4096;  // in a launch

  int64_t columns, elements;  // of a column
  int64_t run, pitch;         // so many elements lie together, and runs of a column that far apart
  int64_t part;               // elements of a column that a block has
  uint32_t parts;
  int lanes, repeat;  // columns of a channel

  LearnedGrid(int64_t outer, int64_t channels, int64_t inner, int64_t few = few_blocks)
      : columns(channels), elements(outer * inner), run(inner), pitch(channels * inner), lanes(1), repeat(1) {
    if (channels > 1 && inner < most_lanes) {
      columns *= inner;
      repeat = static_cast<int>(inner);
      elements = outer;
      run = 1;
      while (lanes < most_lanes && lanes < columns) lanes *= 2;
    }
    // Few rounds where it takes them to occupy the device; a function of the shape alone.
    const int64_t round = threads / lanes, rounds = elements * across() / (round * few);
    part = round * (rounds < 1 ? 1 : rounds > most_rounds ? most_rounds : rounds);
    parts = static_cast<uint32_t>((elements + part - 1) / part);
  }
  int64_t across() const { return (columns + lanes - 1) / lanes; }
  int64_t blocks() const { return across() * parts; }
};

struct LearnedPlan {
  LearnedGrid grid;
  LearnedParameter parameters[most_parameters], bias;
  const void *grad, *self;
  void* out;
  double* sums;
  bool by_bias;
  DType dtype;

  LearnedPlan(const LearnedRequest& r, const LearnedGrid& grid)
      : grid(grid),
        bias(r.bias),
        grad(r.grad),
        self(r.self),
        out(r.out),
        sums(r.sums),
        by_bias(r.by_bias),
        dtype(r.dtype) {
    for (int i = 0; i < most_parameters; ++i) parameters[i] = r.parameters[i];
  }
};

}  // namespace smoothact::cuda
