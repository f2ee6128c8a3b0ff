// SPDX-License-Identifier: Apache-2.0
// The loop over memory. Every element goes through the same vector code, whatever its layout: what is not dense, and
// what is left at the end, is gathered into a block first.
#pragma once

#include <algorithm>

#include "../activations/descriptor.h"
#include "../kernels/order.h"
#include "storage.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

// Takes every second element, as of an interleaved pair, and tells how many: all but the last few, whose registers
// would reach past the end.
template <class T>
SMOOTHACT_FN int64_t deinterleave(T* block, const char* p, int64_t count) {
  constexpr int n = 32 / sizeof(T);
  int64_t done = 0;
  for (; done + n < count; done += n) {
    Lanes<T, n> low, high;
    std::memcpy(&low, p + 2 * done * sizeof(T), sizeof(low));
    std::memcpy(&high, p + (2 * done + n) * sizeof(T), sizeof(high));
    const Lanes<T, n> taken = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return __builtin_shufflevector(low, high, 2 * I...);
    }
    (std::make_index_sequence<n>{});
    std::memcpy(block + done, &taken, sizeof(taken));
  }
  return done;
}

// Copies `count` elements between a block and a rows x columns operand, from its `start`-th element on.
template <class T, bool to_block>
__attribute__((noinline)) void transfer(T* block, char* base, int64_t stride0, int64_t stride1, int64_t size0,
                                        int64_t start, int64_t count) {
  int64_t column = start % size0, row = start / size0;
  while (count > 0) {
    const int64_t run = std::min(size0 - column, count);
    char* p = base + row * stride1 + column * stride0;
    if (stride0 == sizeof(T)) {
      if constexpr (to_block)
        std::memcpy(block, p, run * sizeof(T));
      else
        std::memcpy(p, block, run * sizeof(T));
    } else {
      int64_t i = 0;
      if constexpr (to_block) {
        if (stride0 == 2 * sizeof(T)) i = deinterleave(block, p, run);
      }
#pragma GCC unroll 8
      for (; i < run; ++i) {
        if constexpr (to_block)
          std::memcpy(block + i, p + i * stride0, sizeof(T));
        else
          std::memcpy(p + i * stride0, block + i, sizeof(T));
      }
    }
    block += run;
    count -= run;
    column = 0;
    ++row;
  }
}

// Computes `count` elements that lie one after the other, in whole steps.
using Steps = void (*)(const void* activation, char* const* outputs, const char* const* inputs, int64_t count);

template <class Kernel, DType D, class A>
void steps(const void* activation, char* const* outputs, const char* const* inputs, int64_t count) {
  const A a = *static_cast<const A*>(activation);
  constexpr int n = Kernel::inputs, m = Kernel::outputs;
  constexpr int64_t bytes = Pack<D>::lanes * sizeof(Element<D>);
  const char* in[n];
  char* out[m];
  for (int k = 0; k < n; ++k) in[k] = inputs[k];
  for (int k = 0; k < m; ++k) out[k] = outputs[k];
  // One offset for all: GCC keeps pointers that each move in vectors, to take them out again.
  for (int64_t at = 0; count > 0; count -= Pack<D>::lanes, at += bytes) {
    Pack<D> p[n], results[m];
    for (int k = 0; k < n; ++k) p[k] = Pack<D>::load(in[k] + at);
#pragma GCC unroll 4
    for (int i = 0; i < Pack<D>::registers; ++i) {
      Vector<D> v[n], r[m];
      for (int k = 0; k < n; ++k) v[k] = p[k].v[i];
      Kernel::evaluate(a, v, r);
      for (int k = 0; k < m; ++k) results[k].v[i] = r[k];
    }
    for (int k = 0; k < m; ++k) results[k].store(out[k] + at);
  }
}

// Goes through a rows x columns iteration in blocks. An operand is used where it lies if it is dense there; else, as at
// the end of a row, it goes through a buffer. Knows no formula, so that it is compiled once for all of them.
template <int outputs, int inputs, DType D>
void walk(Steps steps, const void* activation, char** data, const int64_t* strides, int64_t size0, int64_t size1) {
  using T = Element<D>;
  constexpr int operands = outputs + inputs;
  constexpr int64_t lanes = Pack<D>::lanes, block = 8 * lanes;
  const int64_t* across = strides + operands;

  bool dense = true;
  for (int k = 0; k < operands; ++k) dense &= strides[k] == sizeof(T);
  // Rows shorter than a block share one.
  const bool shared = size0 < block && size1 > 1;
  const int64_t rows = shared ? 1 : size1, columns = shared ? size0 * size1 : size0;

  alignas(64) T buffer[operands][block];
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t start = 0, count; start < columns; start += count) {
      // All of a dense row but what is no whole step.
      count = dense && !shared && columns - start >= lanes ? (columns - start) / lanes * lanes
                                                           : std::min(block, columns - start);
      const int64_t beyond = (lanes - count % lanes) % lanes;
      const bool whole = beyond == 0;
      char* used[operands];
      const auto lies = [&](int k) { return whole && !shared && strides[k] == sizeof(T); };
      const auto at = [&](int k) { return data[k] + row * across[k] + (shared ? 0 : start * strides[k]); };
      for (int k = 0; k < operands; ++k) {
        used[k] = lies(k) ? at(k) : reinterpret_cast<char*>(buffer[k]);
        if (k < outputs || lies(k)) continue;
        transfer<T, true>(buffer[k], at(k), strides[k], across[k], size0, shared ? start : 0, count);
        std::fill_n(buffer[k] + count, beyond, T(0));
      }
      steps(activation, used, used + outputs, count);
      for (int k = 0; k < outputs; ++k) {
        if (!lies(k)) transfer<T, false>(buffer[k], at(k), strides[k], across[k], size0, shared ? start : 0, count);
      }
    }
  }
}

template <class Kernel, DType D, class A>
void loop(const double* parameters, char** data, const int64_t* strides, int64_t size0, int64_t size1) {
  with_parameters<A>(parameters, [=]<class B>(const B& a) {
    walk<Kernel::outputs, Kernel::inputs, D>(&steps<Kernel, D, B>, &a, data, strides, size0, size1);
  });
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
