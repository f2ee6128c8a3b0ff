// SPDX-License-Identifier: Apache-2.0
// A thread's work on codes of a few bits: eight neighbouring elements, which the tests run for every thread on the
// host.
#pragma once

#include <type_traits>

#include "fewbit.h"
#include "indexing.h"
#include "storage.h"

namespace smoothact::cuda {

// What a kernel gets; the numbers are those of the type that is computed in.
template <class T>
struct FewBitPlan {
  int64_t count;
  const char* in;
  unsigned char* codes;
  char* out;
  bool aligned;  // in and out, to a pack
  T numbers[most_levels];

  FewBitPlan(const FewBitRequest& r, int pack_bytes)
      : count(r.count),
        in(static_cast<const char*>(r.in)),
        codes(r.codes),
        out(static_cast<char*>(r.out)),
        aligned((reinterpret_cast<uintptr_t>(r.in) | reinterpret_cast<uintptr_t>(r.out)) % pack_bytes == 0) {
    for (int i = 0; i < most_levels; ++i) {
      if constexpr (sizeof(T) == 8)
        numbers[i] = r.numbers[i];
      else
        numbers[i] = r.out ? static_cast<T>(r.numbers[i]) : rounded_down(r.numbers[i]);
    }
  }
};

template <DType D, int Bits>
struct FewBitGroup {
  static constexpr int size = codes_together, bytes = element_bytes(D);
  static constexpr int lanes = 16 / bytes < size ? 16 / bytes : size, packs = size / lanes, pack_bytes = lanes * bytes;
  using T = typename Element<D>::Arithmetic;
  using Items = Pack<D, lanes>;
  using One = Pack<D, 1>;
  using Plan = FewBitPlan<T>;
  // Codes begin at a multiple of what a thread has of them, but for those of three bytes.
  using Word = std::conditional_t<Bits == 4, uint32_t, std::conditional_t<Bits == 2, uint16_t, unsigned char>>;
  static constexpr int words = Bits / sizeof(Word);

  // The table is the plan's, or a copy of it where threads reach any place in it as fast.
  static SMOOTHACT_FN void pack(const Plan& plan, const T* table, int64_t group) {
    T x[size];
    if (!load(plan, group, x)) return;
    uint32_t word = 0;
    SMOOTHACT_UNROLL
    for (int i = 0; i < size; ++i) {
      uint32_t code = 0;
      SMOOTHACT_UNROLL
      for (int b = 0; b < (1 << Bits) - 1; ++b) code += x[i] > table[b];
      word |= code << Bits * i;
    }
    Word* to = reinterpret_cast<Word*>(plan.codes + group * Bits);
    SMOOTHACT_UNROLL
    for (int w = 0; w < words; ++w) to[w] = static_cast<Word>(word >> 8 * sizeof(Word) * w);
  }

  static SMOOTHACT_FN void apply(const Plan& plan, const T* table, int64_t group) {
    T grad[size];
    if (!load(plan, group, grad)) return;
    const Word* from = reinterpret_cast<const Word*>(plan.codes + group * Bits);
    uint32_t word = 0;
    SMOOTHACT_UNROLL
    for (int w = 0; w < words; ++w) word |= static_cast<uint32_t>(from[w]) << 8 * sizeof(Word) * w;
    SMOOTHACT_UNROLL
    for (int i = 0; i < size; ++i) grad[i] *= table[word >> Bits * i & ((1 << Bits) - 1)];
    store(plan, group, grad);
  }

 private:
  static SMOOTHACT_FN int64_t present(const Plan& plan, int64_t group) { return plan.count - group * size; }

  // False where there is no element; what is past the last one is 0.
  static SMOOTHACT_FN bool load(const Plan& plan, int64_t group, T (&x)[size]) {
    const int64_t n = present(plan, group);
    if (n <= 0) return false;
    const char* at = plan.in + group * size * bytes;
    if (plan.aligned && n >= size) {
      Items items[packs];
      SMOOTHACT_UNROLL
      for (int p = 0; p < packs; ++p) items[p] = reinterpret_cast<const Items*>(at)[p];
      SMOOTHACT_UNROLL
      for (int i = 0; i < size; ++i) x[i] = items[i / lanes][i % lanes];
    } else {
      SMOOTHACT_UNROLL
      for (int i = 0; i < size; ++i) x[i] = i < n ? reinterpret_cast<const One*>(at)[i][0] : T(0);
    }
    return true;
  }
  static SMOOTHACT_FN void store(const Plan& plan, int64_t group, const T (&y)[size]) {
    char* at = plan.out + group * size * bytes;
    const int64_t n = present(plan, group);
    if (plan.aligned && n >= size) {
      SMOOTHACT_UNROLL
      for (int p = 0; p < packs; ++p) {
        T part[lanes];
        SMOOTHACT_UNROLL
        for (int i = 0; i < lanes; ++i) part[i] = y[p * lanes + i];
        reinterpret_cast<Items*>(at)[p] = Items::narrow(part);
      }
    } else {
      SMOOTHACT_UNROLL
      for (int i = 0; i < size; ++i)
        if (i < n) reinterpret_cast<One*>(at)[i] = One::narrow({y[i]});
    }
  }
};

}  // namespace smoothact::cuda
