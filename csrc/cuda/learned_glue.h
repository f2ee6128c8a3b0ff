// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace smoothact::cuda {

// The totals of sums (parts, columns, n), of which `repeat` columns are a channel's, as (channels, n).
inline at::Tensor by_channel(const at::Tensor& sums, int64_t channels, int64_t repeat) {
  const at::Tensor columns = sums.size(0) == 1 ? sums.select(0, 0) : sums.sum(0);
  return repeat == 1 ? columns : columns.view({channels, repeat, sums.size(2)}).sum(1);
}

}  // namespace smoothact::cuda
