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

// Copies `count` elements between a block and a rows x columns operand, from its `start`-th element on.
template <class T, bool to_block>
inline void transfer(T* block, char* base, int64_t stride0, int64_t stride1, int64_t size0, int64_t start,
                     int64_t count) {
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
      for (int64_t i = 0; i < run; ++i, p += stride0) {
        if constexpr (to_block)
          std::memcpy(block + i, p, sizeof(T));
        else
          std::memcpy(p, block + i, sizeof(T));
      }
    }
    block += run;
    count -= run;
    column = 0;
    ++row;
  }
}

template <Order O, DType D, class A>
SMOOTHACT_FN void step(const A& a, char* out, const char* const* in) {
  constexpr int inputs = inputs_of(O);
  Pack<D> p[inputs], result;
  for (int k = 0; k < inputs; ++k) p[k] = Pack<D>::load(in[k]);
#pragma GCC unroll 4
  for (int i = 0; i < Pack<D>::registers; ++i) {
    Vector<D> v[inputs];
    for (int k = 0; k < inputs; ++k) v[k] = p[k].v[i];
    result.v[i] = evaluate<O>(a, v);
  }
  result.store(out);
}

template <Order O, DType D, class A>
void walk(const A& a, char** data, const int64_t* strides, int64_t size0, int64_t size1) {
  using T = Element<D>;
  constexpr int inputs = inputs_of(O), operands = inputs + 1, lanes = Pack<D>::lanes;
  constexpr int64_t vector_bytes = lanes * sizeof(T), block = 8 * lanes;
  const int64_t* across = strides + operands;

  bool dense = true;
  for (int k = 0; k < operands; ++k) dense &= strides[k] == sizeof(T);

  if (dense && size0 >= block) {
    for (int64_t row = 0; row < size1; ++row) {
      char* out = data[0] + row * across[0];
      const char* in[inputs];
      for (int k = 0; k < inputs; ++k) in[k] = data[k + 1] + row * across[k + 1];
      int64_t i = 0;
      for (; i + lanes <= size0; i += lanes) {
        step<O, D>(a, out, in);
        out += vector_bytes;
        for (int k = 0; k < inputs; ++k) in[k] += vector_bytes;
      }
      if (i < size0) {
        alignas(64) T rest[operands][lanes] = {};
        for (int k = 0; k < inputs; ++k) std::memcpy(rest[k + 1], in[k], (size0 - i) * sizeof(T));
        for (int k = 0; k < inputs; ++k) in[k] = reinterpret_cast<const char*>(rest[k + 1]);
        step<O, D>(a, reinterpret_cast<char*>(rest[0]), in);
        std::memcpy(out, rest[0], (size0 - i) * sizeof(T));
      }
    }
    return;
  }

  alignas(64) T buffer[operands][block] = {};
  for (int64_t start = 0; start < size0 * size1; start += block) {
    const int64_t count = std::min(block, size0 * size1 - start);
    for (int k = 1; k < operands; ++k) {
      transfer<T, true>(buffer[k], data[k], strides[k], across[k], size0, start, count);
    }
    for (int64_t i = 0; i < count; i += lanes) {
      const char* in[inputs];
      for (int k = 0; k < inputs; ++k) in[k] = reinterpret_cast<const char*>(buffer[k + 1] + i);
      step<O, D>(a, reinterpret_cast<char*>(buffer[0] + i), in);
    }
    transfer<T, false>(buffer[0], data[0], strides[0], across[0], size0, start, count);
  }
}

template <Order O, DType D, class A>
void loop(const double* parameters, char** data, const int64_t* strides, int64_t size0, int64_t size1) {
  with_parameters<A>(parameters, [=](const auto& a) { walk<O, D>(a, data, strides, size0, size1); });
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
