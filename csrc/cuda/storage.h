// SPDX-License-Identifier: Apache-2.0
// Elements as they lie in memory, packs of them, and the conversions to and from the arithmetic type.
#pragma once

#include <cstdint>

#include "../kernels/request.h"
#include "../math/number.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace smoothact::cuda {

template <DType D>
struct Element;

template <class T>
struct SameElement {
  using Stored = T;
  using Arithmetic = T;
  static SMOOTHACT_FN T widen(T v) { return v; }
  static SMOOTHACT_FN T narrow(T v) { return v; }
};
template <>
struct Element<DType::f64> : SameElement<double> {};
template <>
struct Element<DType::f32> : SameElement<float> {};

// The bits are carried as integers, so that the host needs no CUDA header.
template <>
struct Element<DType::bf16> {
  using Stored = uint16_t;
  using Arithmetic = float;
  static SMOOTHACT_FN float widen(uint16_t v) { return __builtin_bit_cast(float, uint32_t{v} << 16); }
  static SMOOTHACT_FN uint16_t narrow(float v) {
#if defined(__CUDA_ARCH__)
    return __bfloat16_as_ushort(__float2bfloat16_rn(v));
#else
    const uint32_t bits = __builtin_bit_cast(uint32_t, v);
    if (v != v) return 0x7fff;
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
#endif
  }
#if defined(__CUDA_ARCH__)
  static __device__ __nv_bfloat162_raw narrow_pair(float first, float second) {
    return __floats2bfloat162_rn(first, second);
  }
#endif
};

template <>
struct Element<DType::f16> {
  using Stored = uint16_t;
  using Arithmetic = float;
  static SMOOTHACT_FN float widen(uint16_t v) {
#if defined(__CUDA_ARCH__)
    return __half2float(__ushort_as_half(v));
#else
    // Exponent and mantissa moved into place are the value times 2^-112; the product is exact for subnormals too.
    const uint32_t magnitude = uint32_t{v} & 0x7fff, sign = (uint32_t{v} & 0x8000) << 16;
    const uint32_t moved = magnitude << 13;
    const uint32_t scaled = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, moved) * 0x1p112f);
    return __builtin_bit_cast(float, sign | (magnitude >= 0x7c00 ? moved | 0x7f800000 : scaled));
#endif
  }
  static SMOOTHACT_FN uint16_t narrow(float v) {
#if defined(__CUDA_ARCH__)
    return __half_as_ushort(__float2half_rn(v));
#else
    const uint32_t bits = __builtin_bit_cast(uint32_t, v), magnitude = bits & 0x7fffffff;
    const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
    if (magnitude > 0x7f800000) return 0x7fff;
    if (magnitude >= 0x477ff000) return sign | 0x7c00;  // half way from 65504 to 65536, and above
    if (magnitude < 0x38800000) {                       // subnormal: a float sum whose unit is 2^-24 rounds it
      const float sum = __builtin_bit_cast(float, magnitude) + 0.5f;
      return sign | static_cast<uint16_t>(__builtin_bit_cast(uint32_t, sum) - 0x3f000000);
    }
    return sign | static_cast<uint16_t>((magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13);
#endif
  }
#if defined(__CUDA_ARCH__)
  static __device__ __half2_raw narrow_pair(float first, float second) {
    return __floats2half2_rn(first, second);
  }
#endif
};

template <DType D, int Lanes>
struct alignas(Lanes * sizeof(typename Element<D>::Stored)) Pack {
  typename Element<D>::Stored lane[Lanes];
};

template <DType D, int Lanes>
SMOOTHACT_FN Pack<D, Lanes> narrow(const typename Element<D>::Arithmetic (&values)[Lanes]) {
  Pack<D, Lanes> pack;
#if defined(__CUDA_ARCH__)
  if constexpr (element_bytes(D) == 2 && Lanes % 2 == 0) {
    for (int i = 0; i < Lanes; i += 2) {
      const auto pair = Element<D>::narrow_pair(values[i], values[i + 1]);
      pack.lane[i] = pair.x;
      pack.lane[i + 1] = pair.y;
    }
  } else
#endif
    for (int i = 0; i < Lanes; ++i) pack.lane[i] = Element<D>::narrow(values[i]);
  return pack;
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
