// SPDX-License-Identifier: Apache-2.0
// One launch of a smooth maximum, as plain data.
#pragma once

#include "../kernels/smooth_max.h"

namespace smoothact::cuda {

// self is (outer, length, inner) as it lies in memory, and so are grad_grad and by_self; grad and by_row (outer,
// inner).
struct SmoothMaxRequest {
  Order order;
  SmoothMaxKind kind;
  DType dtype;
  double sharpness;
  int64_t outer, length, inner;
  const void *grad_grad = nullptr, *grad = nullptr, *self = nullptr;
  void *by_row = nullptr, *by_self = nullptr;
  void* stream = nullptr;
};

// A block has one row, or neighbouring rows one a lane. Every row is added up in 256 parts, element i in the part
// i mod 256, and its parts in one order, so that the sum is one however the rows are shared out.
struct SmoothMaxGrid {
  static constexpr int threads = 256, ways = 16, most_lanes = threads / ways;

  int lanes;
  int64_t rows;

  explicit SmoothMaxGrid(const SmoothMaxRequest& r)
      : lanes(r.inner == 1 && r.length > 2 * threads ? 1 : most_lanes), rows(r.outer * r.inner) {}
  int64_t blocks() const { return (rows + lanes - 1) / lanes; }
};

struct SmoothMaxPlan {
  SmoothMaxRequest request;
  SmoothMaxGrid grid;

  explicit SmoothMaxPlan(const SmoothMaxRequest& r) : request(r), grid(r) {}
};

// Returns a cudaError_t.
int launch_smooth_max(const SmoothMaxRequest&);

}  // namespace smoothact::cuda
