// SPDX-License-Identifier: Apache-2.0
// Where a few rows lie while they are worked on: in memory if their elements are side by side, or else brought together
// in a buffer. Either way in whole steps, the last one filled up.
#pragma once

#include "loop.h"
#include "transpose.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

// A part of a row: its whole steps, and the step with what is left at the end.
struct Place {
  char *whole, *rest;
};

// Calls use(at, i) for each step, at(place) being where it lies and i the index of its first element.
template <DType D, class F>
SMOOTHACT_FN void each_step(int64_t start, int64_t count, const F& use) {
  const int64_t end = start + count;
  int64_t i = start;
  for (; i + Pack<D>::lanes <= end; i += Pack<D>::lanes)
    use([i](const Place& p) { return p.whole + i * sizeof(Element<D>); }, i);
  if (i < end) use([](const Place& p) { return p.rest; }, i);
}

// An operand with all elements of the rows.
template <DType D>
class RowOperand {
  using E = Element<D>;
  static constexpr int64_t lanes = Pack<D>::lanes, size = sizeof(E);

 public:
  // Rows that share a line of the cache where they lie across it.
  static constexpr int64_t most_rows = 64 / size;

  // stride, along: bytes from row to row, and within a row. Without a buffer its elements are side by side.
  RowOperand(char* data, int64_t stride, int64_t along, E* buffer, int64_t pitch)
      : data_(data), stride_(stride), along_(along), buffer_(buffer), pitch_(pitch) {}

  // Rows from `first` on, their elements from `start` on; of one row where there is no buffer.
  void load(int64_t first, int64_t rows, int64_t start, int64_t count, E padding) {
    const int64_t left = count % lanes;
    if (buffer_) copy<true>(first, rows, start, count);
    if (left == 0) return;
    for (int64_t r = 0; r < rows; ++r) {
      E* end = buffer_ ? buffer_ + r * pitch_ + count - left : rest_;
      if (!buffer_) std::memcpy(end, at(first, start + count - left), left * size);
      std::fill(end + left, end + lanes, padding);
    }
  }
  void store(int64_t first, int64_t rows, int64_t start, int64_t count) {
    const int64_t left = count % lanes;
    if (buffer_)
      copy<false>(first, rows, start, count);
    else
      std::memcpy(at(first, start + count - left), rest_, left * size);
  }
  // Of the r-th row.
  Place place(int64_t first, int64_t r, int64_t start, int64_t count) {
    if (!buffer_) return {at(first, start), reinterpret_cast<char*>(rest_)};
    E* p = buffer_ + r * pitch_;
    return {reinterpret_cast<char*>(p), reinterpret_cast<char*>(p + count / lanes * lanes)};
  }

 private:
  char* at(int64_t row, int64_t i) const { return data_ + row * stride_ + i * along_; }

  template <bool to_buffer>
  __attribute__((noinline)) void copy(int64_t first, int64_t rows, int64_t start, int64_t count) {
    if (stride_ == size && rows == most_rows) return copy_across<to_buffer>(first, start, count);
    for (int64_t r = 0; r < rows; ++r)
      transfer<E, to_buffer>(buffer_ + r * pitch_, at(first + r, start), along_, 0, count, 0, count);
  }
  // A line of the cache at a time.
  template <bool to_buffer>
  void copy_across(int64_t first, int64_t start, int64_t count) {
    constexpr int n = square<E>;
    const int64_t whole = count / n * n, rest = count - whole;
    for (int64_t i = 0; i < whole; i += n)
      for (int64_t r = 0; r < most_rows; r += n)
        transfer_square<E, to_buffer>(buffer_ + r * pitch_ + i, pitch_, at(first + r, start + i), along_);
    for (int64_t r = 0; rest > 0 && r < most_rows; ++r)
      transfer<E, to_buffer>(buffer_ + r * pitch_ + whole, at(first + r, start + whole), along_, 0, rest, 0, rest);
  }

  char* data_;
  int64_t stride_, along_;
  E* buffer_;
  int64_t pitch_;
  alignas(64) E rest_[lanes];
};

// What a row has one element of.
template <DType D>
double load_one(const char* p) {
  if constexpr (std::is_floating_point_v<Element<D>>) {
    Element<D> e;
    std::memcpy(&e, p, sizeof(e));
    return e;
  }
  Element<D> e[Pack<D>::lanes] = {};
  std::memcpy(e, p, sizeof(*e));
  return Pack<D>::load(reinterpret_cast<const char*>(e)).v[0].v[0];
}
template <DType D>
void store_one(char* p, double y) {
  if constexpr (std::is_floating_point_v<Element<D>>) {
    const auto e = static_cast<Element<D>>(y);
    std::memcpy(p, &e, sizeof(e));
    return;
  }
  Pack<D> pack;
  for (auto& v : pack.v) v = Vector<D>(y);
  Element<D> e[Pack<D>::lanes];
  pack.store(reinterpret_cast<char*>(e));
  std::memcpy(p, e, sizeof(*e));
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
