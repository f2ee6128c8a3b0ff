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
inline constexpr int digits =
    D == DType::bf16 ? math::bfloat16_digits : math::Format<typename Storage<D>::Compute>::digits;
template <DType D>
using Vector = math::Simd<typename Storage<D>::Compute,
                          math::native::register_bytes / sizeof(typename Storage<D>::Compute), digits<D>>;

template <class T, int N>
using Lanes __attribute__((vector_size(sizeof(T) * N))) = T;

// To bf16, nearest even, in the upper half of each lane. A NaN stays one: that of a bf16 or of the processor has a
// lower half of zeros.
template <int N>
SMOOTHACT_FN Lanes<uint32_t, N> round_bf16(Lanes<float, N> f) {
  const auto u = __builtin_bit_cast(Lanes<uint32_t, N>, f);
  return u + 0x7fff + ((u >> 16) & 1);
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

template <int N>
SMOOTHACT_FN Lanes<float, N> load_f16(const char* p) {
  Lanes<uint16_t, N> e;
  std::memcpy(&e, p, sizeof(e));
#if defined(__AVX512F__)
  if constexpr (N == 16) return (Lanes<float, N>)_mm512_cvtph_ps((__m256i)e);
#endif
#if defined(__F16C__)
  if constexpr (N == 8) return (Lanes<float, N>)_mm256_cvtph_ps((__m128i)e);
#endif
  return widen_f16<N>(e);
}
template <int N>
SMOOTHACT_FN Lanes<uint16_t, N> to_f16(Lanes<float, N> f) {
#if defined(__AVX512F__)
  if constexpr (N == 16) return (Lanes<uint16_t, N>)_mm512_cvtps_ph((__m512)f, _MM_FROUND_TO_NEAREST_INT);
#endif
#if defined(__F16C__)
  if constexpr (N == 8) return (Lanes<uint16_t, N>)_mm256_cvtps_ph((__m256)f, _MM_FROUND_TO_NEAREST_INT);
#endif
  return narrow_f16<N>(f);
}

// What one step of the loop works on: enough registers that one's arithmetic hides another's latency. Two bf16 share a
// 32-bit lane: the even elements go into one register, the odd ones into the next, and no element ever crosses a lane.
template <DType D>
struct Pack {
  using V = Vector<D>;
  static constexpr int registers = D != DType::f64 && math::native::register_bytes == 64 ? 4 : 2;
  static constexpr int lanes = registers * V::lanes;
  V v[registers];

  // Register by register: the whole would go through the stack.
  static SMOOTHACT_FN Pack load(const char* p) {
    constexpr int N = V::lanes;
    Pack r;
    if constexpr (D == DType::bf16) {
      for (int i = 0; i < registers; i += 2, p += 4 * N) {
        Lanes<uint32_t, N> pairs;
        std::memcpy(&pairs, p, sizeof(pairs));
        r.v[i] = from_bits(pairs << 16);
        r.v[i + 1] = from_bits(pairs & 0xffff0000);
      }
    } else if constexpr (D == DType::f16) {
      for (int i = 0; i < registers; ++i) r.v[i] = V::from(load_f16<N>(p + 2 * N * i));
    } else {
      for (int i = 0; i < registers; ++i) {
        typename V::Register e;
        std::memcpy(&e, p + i * sizeof(e), sizeof(e));
        r.v[i] = V::from(e);
      }
    }
    return r;
  }
  SMOOTHACT_FN void store(char* p) const {
    constexpr int N = V::lanes;
    if constexpr (D == DType::bf16) {
      for (int i = 0; i < registers; i += 2, p += 4 * N) {
        const Lanes<uint32_t, N> pairs = round_bf16<N>(v[i].v) >> 16 | (round_bf16<N>(v[i + 1].v) & 0xffff0000);
        std::memcpy(p, &pairs, sizeof(pairs));
      }
    } else if constexpr (D == DType::f16) {
      for (int i = 0; i < registers; ++i) {
        const auto e = to_f16<N>(v[i].v);
        std::memcpy(p + 2 * N * i, &e, sizeof(e));
      }
    } else {
      for (int i = 0; i < registers; ++i) std::memcpy(p + i * sizeof(v[i].v), &v[i].v, sizeof(v[i].v));
    }
  }

 private:
  static SMOOTHACT_FN V from_bits(Lanes<uint32_t, V::lanes> u) {
    return V::from(__builtin_bit_cast(typename V::Register, u));
  }
};

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
