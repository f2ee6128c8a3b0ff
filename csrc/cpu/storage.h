// SPDX-License-Identifier: Apache-2.0
// The element types in memory, and registers of them widened to the type that is computed in.
#pragma once

#include <cstdint>
#include <cstring>

#include "../kernels/request.h"
#include "../math/simd.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

template <DType D>
struct Storage {
  using Element = float;
  using Compute = float;
};
template <>
struct Storage<DType::f64> {
  using Element = double;
  using Compute = double;
};
template <>
struct Storage<DType::bf16> {
  using Element = uint16_t;
  using Compute = float;
};
template <>
struct Storage<DType::f16> {
  using Element = uint16_t;
  using Compute = float;
};

template <DType D>
using Element = typename Storage<D>::Element;
template <DType D>
using Vector =
    math::Simd<typename Storage<D>::Compute, math::native::register_bytes / sizeof(typename Storage<D>::Compute)>;

template <class T, int N>
using Lanes __attribute__((vector_size(sizeof(T) * N))) = T;

template <int N>
SMOOTHACT_FN Lanes<float, N> widen_bf16(Lanes<uint16_t, N> h) {
  return __builtin_bit_cast(Lanes<float, N>, __builtin_convertvector(h, Lanes<uint32_t, N>) << 16);
}
template <int N>
SMOOTHACT_FN Lanes<uint16_t, N> narrow_bf16(Lanes<float, N> f) {
  const auto u = __builtin_bit_cast(Lanes<uint32_t, N>, f);
  const Lanes<uint32_t, N> rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16, quiet = (u >> 16) | 0x40;
  return __builtin_convertvector(f == f ? rounded : quiet, Lanes<uint16_t, N>);
}

// Half precision by integer arithmetic, where the instruction set has no conversion.
template <int N>
SMOOTHACT_FN Lanes<float, N> widen_f16(Lanes<uint16_t, N> h) {
  using U = Lanes<uint32_t, N>;
  using F = Lanes<float, N>;
  const U u = __builtin_convertvector(h, U), magnitude = (u & 0x7fff) << 13;
  const U finite = __builtin_bit_cast(U, __builtin_bit_cast(F, magnitude) * 0x1p112f);  // subnormals become normal
  const U value = magnitude >= 0x0f800000 ? magnitude | 0x7f800000 : finite;
  return __builtin_bit_cast(F, value | ((u & 0x8000) << 16));
}
template <int N>
SMOOTHACT_FN Lanes<uint16_t, N> narrow_f16(Lanes<float, N> f) {
  using U = Lanes<uint32_t, N>;
  using F = Lanes<float, N>;
  const U u = __builtin_bit_cast(U, f), a = u & 0x7fffffff;
  // The unit in the last place of 1/2 is the smallest subnormal of half precision: the sum rounds to it.
  const U subnormal = __builtin_bit_cast(U, __builtin_bit_cast(F, a) + 0.5f) - 0x3f000000;
  const U normal = (a - 0x38000000 + 0xfff + ((a >> 13) & 1)) >> 13;
  const U finite = a < 0x38800000 ? subnormal : normal;
  const U special = a > 0x7f800000 ? U{} + 0x7e00 : U{} + 0x7c00;
  const U value = (a >= 0x47800000 ? special : finite) | ((u >> 16) & 0x8000);
  return __builtin_convertvector(value, Lanes<uint16_t, N>);
}

template <DType D>
SMOOTHACT_FN Vector<D> load(const char* p) {
  using V = Vector<D>;
  Lanes<Element<D>, V::lanes> e;
  std::memcpy(&e, p, sizeof(e));
  if constexpr (D == DType::bf16) {
    return V::from(widen_bf16<V::lanes>(e));
  } else if constexpr (D == DType::f16) {
#if defined(__AVX512F__)
    if constexpr (V::lanes == 16) return V::from((typename V::Register)_mm512_cvtph_ps((__m256i)e));
#endif
#if defined(__F16C__)
    if constexpr (V::lanes == 8) return V::from((typename V::Register)_mm256_cvtph_ps((__m128i)e));
#endif
    return V::from(widen_f16<V::lanes>(e));
  } else {
    return V::from(e);
  }
}

template <DType D>
SMOOTHACT_FN void store(char* p, Vector<D> v) {
  constexpr int N = Vector<D>::lanes;
  Lanes<Element<D>, N> e;
  if constexpr (D == DType::bf16) {
    e = narrow_bf16<N>(v.v);
  } else if constexpr (D == DType::f16) {
#if defined(__AVX512F__)
    if constexpr (N == 16)
      e = (Lanes<Element<D>, N>)_mm512_cvtps_ph((__m512)v.v, _MM_FROUND_TO_NEAREST_INT);
    else
#endif
#if defined(__F16C__)
        if constexpr (N == 8)
      e = (Lanes<Element<D>, N>)_mm256_cvtps_ph((__m256)v.v, _MM_FROUND_TO_NEAREST_INT);
    else
#endif
      e = narrow_f16<N>(v.v);
  } else {
    e = v.v;
  }
  std::memcpy(p, &e, sizeof(e));
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
