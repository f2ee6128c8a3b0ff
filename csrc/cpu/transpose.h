// SPDX-License-Identifier: Apache-2.0
// Rows that lie across memory, and a block of them side by side: what is copied from one to the other in registers.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "../math/number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

// The baseline of x86-64 has shuffles of such registers.
template <class T>
inline constexpr int square = 16 / sizeof(T);

// Strides in bytes.
template <class T>
SMOOTHACT_FN void transpose(char* to, int64_t to_stride, const char* from, int64_t from_stride) {
  constexpr int n = square<T>;
  using V __attribute__((vector_size(16))) = std::conditional_t<sizeof(T) == 2, uint16_t, T>;
  V v[n], next[n];
  for (int i = 0; i < n; ++i) std::memcpy(&v[i], from + i * from_stride, sizeof(V));
#pragma GCC unroll 4
  for (int stage = 1; stage < n; stage *= 2) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
#pragma GCC unroll 8
      for (int i = 0; i < n / 2; ++i) {
        next[2 * i] = __builtin_shufflevector(v[i], v[i + n / 2], (I / 2 + I % 2 * n)...);
        next[2 * i + 1] = __builtin_shufflevector(v[i], v[i + n / 2], (n / 2 + I / 2 + I % 2 * n)...);
      }
    }
    (std::make_index_sequence<n>{});
    for (int i = 0; i < n; ++i) v[i] = next[i];
  }
  for (int i = 0; i < n; ++i) std::memcpy(to + i * to_stride, &v[i], sizeof(V));
}

// So many elements of as many rows: `pitch` elements from row to row of the block, `along` bytes within one in memory.
template <class T, bool to_block>
SMOOTHACT_FN void transfer_square(T* block, int64_t pitch, char* p, int64_t along) {
  char* const q = reinterpret_cast<char*>(block);
  if constexpr (to_block)
    transpose<T>(q, pitch * sizeof(T), p, along);
  else
    transpose<T>(p, along, q, pitch * sizeof(T));
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
