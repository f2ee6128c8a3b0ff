// SPDX-License-Identifier: Apache-2.0
// Elements as they lie in memory, packs of them, and the conversions to and from the arithmetic type.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../kernels/request.h"
#include "../math/number.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace smoothact::cuda {

// 16-bit elements are carried as bits, so that the host needs no CUDA header. `pair` is two of them in a
// register.
template <DType D>
struct Element;

template <>
struct Element<DType::f64> {
  using Stored = double;
  using Arithmetic = double;
};
template <>
struct Element<DType::f32> {
  using Stored = float;
  using Arithmetic = float;
};

template <>
struct Element<DType::bf16> {
  using Stored = uint16_t;
  using Arithmetic = float;
  static SMOOTHACT_FN float widen(uint16_t v) { return __builtin_bit_cast(float, uint32_t{v} << 16); }
  static SMOOTHACT_FN uint16_t narrow(float v) {
#if defined(__CUDA_ARCH__)
    return __bfloat16_as_ushort(__float2bfloat16_rn(v));
#else
    if (v != v) return 0x7fff;
    const uint32_t bits = __builtin_bit_cast(uint32_t, v);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
#endif
  }
  static SMOOTHACT_FN uint32_t pair(float first, float second) {
#if defined(__CUDA_ARCH__)
    const __nv_bfloat162_raw raw = __floats2bfloat162_rn(first, second);
    return raw.x | uint32_t{raw.y} << 16;
#else
    return narrow(first) | uint32_t{narrow(second)} << 16;
#endif
  }
};

template <>
struct Element<DType::f16> {
  using Stored = uint16_t;
  using Arithmetic = float;
  static SMOOTHACT_FN float widen(uint16_t v) {
#if defined(__CUDA_ARCH__)
    return __half2float(__ushort_as_half(v));
#else
    // Exponent and mantissa moved into place are the value times 2^-112; the product is exact, subnormals
    // too.
    const uint32_t magnitude = v & 0x7fff, sign = uint32_t{v} >> 15 << 31, moved = magnitude << 13;
    const uint32_t scaled = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, moved) * 0x1p112f);
    return __builtin_bit_cast(float, sign | (magnitude >= 0x7c00 ? moved | 0x7f800000 : scaled));
#endif
  }
  static SMOOTHACT_FN uint16_t narrow(float v) {
#if defined(__CUDA_ARCH__)
    return __half_as_ushort(__float2half_rn(v));
#else
    const uint32_t bits = __builtin_bit_cast(uint32_t, v), magnitude = bits & 0x7fffffff;
    const uint32_t sign = bits >> 31 << 15;
    if (magnitude > 0x7f800000) return 0x7fff;
    if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7c00);  // from 65520 on the rounding carries
    uint32_t rounded;
    if (magnitude < 0x38800000)  // subnormal: in the sum one unit is 2^-24, half's smallest
      rounded = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, magnitude) + 0.5f) - 0x3f000000;
    else
      rounded = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
    return static_cast<uint16_t>(sign | rounded);
#endif
  }
  static SMOOTHACT_FN uint32_t pair(float first, float second) {
#if defined(__CUDA_ARCH__)
    const __half2_raw raw = __floats2half2_rn(first, second);
    return raw.x | uint32_t{raw.y} << 16;
#else
    return narrow(first) | uint32_t{narrow(second)} << 16;
#endif
  }
};

// Adjacent elements, moved by one access.
template <DType D, int Lanes>
struct alignas(Lanes* element_bytes(D)) Pack {
  using Stored = typename Element<D>::Stored;
  using Arithmetic = typename Element<D>::Arithmetic;
  static constexpr bool paired = element_bytes(D) == 2 && Lanes > 1;
  using Word = std::conditional_t<paired, uint32_t, Stored>;

  Word words[paired ? Lanes / 2 : Lanes];

  SMOOTHACT_FN Arithmetic operator[](int lane) const {
    if constexpr (paired)
      return Element<D>::widen(static_cast<uint16_t>(lane % 2 == 0 ? words[lane / 2] : words[lane / 2] >> 16));
    else if constexpr (element_bytes(D) == 2)
      return Element<D>::widen(words[lane]);
    else
      return words[lane];
  }

  static SMOOTHACT_FN Pack narrow(const Arithmetic (&values)[Lanes]) {
    Pack pack;
    if constexpr (paired)
      for (int i = 0; i < Lanes; i += 2) pack.words[i / 2] = Element<D>::pair(values[i], values[i + 1]);
    else if constexpr (element_bytes(D) == 2)
      pack.words[0] = Element<D>::narrow(values[0]);
    else
      for (int i = 0; i < Lanes; ++i) pack.words[i] = values[i];
    return pack;
  }

  static SMOOTHACT_FN Pack repeat(const Pack<D, 1>& one) {
    Pack pack;
    for (auto& word : pack.words) {
      if constexpr (paired)
        word = one.words[0] * 0x10001u;
      else
        word = one.words[0];
    }
    return pack;
  }
};

// The address of an item: one instruction, for which the compiler would issue four that it calls cheaper.
template <class Item>
SMOOTHACT_FN char* item_address(char* first, uint32_t item) {
  uint32_t size = sizeof(Item);
#if defined(__CUDA_ARCH__)
  asm("mov.u32 %0, %1;" : "=r"(size) : "n"(sizeof(Item)));
#endif
  return first + uint64_t{item} * size;
}

// How a kernel reaches memory; the tests put a recorder in its place.
struct Memory {
  template <class Item>
  SMOOTHACT_FN Item load(const char* address) {
    return *reinterpret_cast<const Item*>(address);
  }
  template <class Item>
  SMOOTHACT_FN void store(char* address, const Item& item) {
    *reinterpret_cast<Item*>(address) = item;
  }
};

}  // namespace smoothact::cuda
