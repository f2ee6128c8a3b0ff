// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>

namespace smoothact {

// at::parallel_for is serial where it is not compiled with OpenMP; TensorIterator's threads are torch's.
template <class F>
void in_parallel(int64_t count, const F& f) {
  if (count == 1 || at::get_num_threads() == 1) {
    for (int64_t i = 0; i < count; ++i) f(i);
    return;
  }
  at::Tensor places = at::empty({count}, at::kByte);
  const char* first = static_cast<const char*>(places.const_data_ptr());
  auto it = at::TensorIterator::nullary_op(places);
  it.for_each(
      [&](char** data, const int64_t*, int64_t size0, int64_t size1) {
        for (int64_t i = 0; i < size0 * size1; ++i) f(data[0] - first + i);
      },
      /*grain_size=*/1);
}

}  // namespace smoothact
