// SPDX-License-Identifier: Apache-2.0
// The few operations a compiler does not derive well from plain vector code, per instruction set. Everything else of
// math/ is written once on top of Simd. Architecture branches end in this file.
#pragma once

#include "native_cuda.h"
#include "number.h"

#if defined(__AVX2__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math::native {

#if defined(__AVX512F__) && defined(__AVX512DQ__) && !defined(__CUDACC__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX2__) && !defined(__CUDACC__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

template <class T, int N>
inline constexpr bool avx512 = register_bytes == 64 && N * sizeof(T) == 64;
template <class T, int N>
inline constexpr bool avx2 = register_bytes >= 32 && N * sizeof(T) == 32;

template <class T, int N>
struct Registers {
#if !defined(__CUDACC__)
  typedef T Float __attribute__((vector_size(N * sizeof(T))));
  typedef typename Format<T>::bits Bits __attribute__((vector_size(N * sizeof(T))));
#if defined(__AVX512F__)
  using Mask = std::conditional_t<avx512<T, N>, std::conditional_t<N == 16, __mmask16, __mmask8>, Bits>;
#else
  using Mask = Bits;
#endif
#endif
};
template <class T>
struct Registers<T, 1> {
  using Float = T;
  using Bits = typename Format<T>::bits;
  using Mask = bool;
};
template <class T, int N>
using Float = typename Registers<T, N>::Float;
template <class T, int N>
using Bits = typename Registers<T, N>::Bits;
template <class T, int N>
using Mask = typename Registers<T, N>::Mask;

template <class T, int N>
SMOOTHACT_FN Float<T, N> broadcast(T c) {
  if constexpr (N == 1)
    return c;
  else
    return c - Float<T, N>{};  // c - 0 keeps the sign of -0.0
}
template <class T, int N>
SMOOTHACT_FN Bits<T, N> bits(Float<T, N> a) {
  return __builtin_bit_cast(Bits<T, N>, a);
}
template <class T, int N>
SMOOTHACT_FN Float<T, N> from_bits(Bits<T, N> a) {
  return __builtin_bit_cast(Float<T, N>, a);
}
template <class T>
inline constexpr typename Format<T>::bits sign_bit = typename Format<T>::bits(1) << (sizeof(T) * 8 - 1);

#if defined(__AVX512F__) && !defined(__CUDACC__)
#define SMOOTHACT_COMPARE(NAME, OPERATOR, PREDICATE)                \
  template <class T, int N>                                         \
  SMOOTHACT_FN Mask<T, N> NAME(Float<T, N> a, Float<T, N> b) {      \
    if constexpr (!avx512<T, N>)                                    \
      return a OPERATOR b;                                          \
    else if constexpr (sizeof(T) == 4)                              \
      return _mm512_cmp_ps_mask((__m512)a, (__m512)b, PREDICATE);   \
    else                                                            \
      return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, PREDICATE); \
  }
#else
#define SMOOTHACT_COMPARE(NAME, OPERATOR, PREDICATE)           \
  template <class T, int N>                                    \
  SMOOTHACT_FN Mask<T, N> NAME(Float<T, N> a, Float<T, N> b) { \
    return a OPERATOR b;                                       \
  }
#endif
SMOOTHACT_COMPARE(less, <, _CMP_LT_OS)
SMOOTHACT_COMPARE(less_equal, <=, _CMP_LE_OS)
SMOOTHACT_COMPARE(not_equal, !=, _CMP_NEQ_UQ)
#undef SMOOTHACT_COMPARE
template <class T, int N>
SMOOTHACT_FN Mask<T, N> unordered(Float<T, N> a) {
  return not_equal<T, N>(a, a);
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> select(Mask<T, N> m, Float<T, N> a, Float<T, N> b) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (avx512<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a);
  else if constexpr (avx512<T, N>)
    return (Float<T, N>)_mm512_mask_blend_pd(m, (__m512d)b, (__m512d)a);
  else
#endif
    return m ? a : b;
}

// Without the instruction: the product in twice the precision (float), or its error by Dekker's splitting (double),
// so that hi + lo arguments mean the same on every machine. Dekker's split overflows beyond 2^996, where the
// error term is dropped.
template <class T, int N>
SMOOTHACT_FN Float<T, N> fma_emulated(Float<T, N> a, Float<T, N> b, Float<T, N> c) {
#if !defined(__CUDACC__)
  if constexpr (sizeof(T) == 4) {
    typedef double Wide __attribute__((vector_size(N * sizeof(double))));
    return __builtin_convertvector(
        __builtin_convertvector(a, Wide) * __builtin_convertvector(b, Wide) + __builtin_convertvector(c, Wide),
        Float<T, N>);
  } else {
    const auto split = [](Float<T, N> x) {
      const Float<T, N> big = x * 134217729.0;
      return big - (big - x);
    };
    const Float<T, N> p = a * b, ah = split(a), bh = split(b), al = a - ah, bl = b - bh;
    const Float<T, N> product_error = al * bl - (((p - ah * bh) - al * bh) - ah * bl);
    const Float<T, N> s = p + c, t = s - p;
    const Float<T, N> error = ((p - (s - t)) + (c - t)) + product_error;
    const Float<T, N> sum = s + error;
    return error - error == Float<T, N>{} ? sum : s;
  }
#else
  return a;
#endif
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> fma(Float<T, N> a, Float<T, N> b, Float<T, N> c) {
  if constexpr (N == 1) {
    if constexpr (sizeof(T) == 4)
      return __builtin_fmaf(a, b, c);
    else
      return __builtin_fma(a, b, c);
#if defined(__AVX512F__) && !defined(__CUDACC__)
  } else if constexpr (avx512<T, N> && sizeof(T) == 4) {
    return (Float<T, N>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
  } else if constexpr (avx512<T, N>) {
    return (Float<T, N>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#endif
#if defined(__FMA__) && !defined(__CUDACC__)
  } else if constexpr (avx2<T, N> && sizeof(T) == 4) {
    return (Float<T, N>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  } else if constexpr (avx2<T, N>) {
    return (Float<T, N>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#endif
  } else {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    Float<T, N> r;
    for (int i = 0; i < N; ++i) r[i] = fma<T, 1>(a[i], b[i], c[i]);
    return r;
#else
    return fma_emulated<T, N>(a, b, c);
#endif
  }
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> abs(Float<T, N> a) {
  if constexpr (cuda_scalar<T, N>) return __builtin_fabsf(a);  // an operand's modifier there, no instruction
  return from_bits<T, N>(bits<T, N>(a) & ~sign_bit<T>);
}
template <class T, int N>
SMOOTHACT_FN Float<T, N> minus_abs(Float<T, N> a) {
  if constexpr (cuda_scalar<T, N>) return -__builtin_fabsf(a);
  return from_bits<T, N>(bits<T, N>(a) | sign_bit<T>);
}
template <class T, int N>
SMOOTHACT_FN Float<T, N> copysign(Float<T, N> a, Float<T, N> sign) {
  if constexpr (cuda_scalar<T, N>) return __builtin_copysignf(a, sign);
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (avx512<T, N>) {
    const Bits<T, N> mask = Bits<T, N>{} + sign_bit<T>;
    return (Float<T, N>)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)sign, (__m512i)mask, 0xd8);
  }
#endif
  return from_bits<T, N>((bits<T, N>(a) & ~sign_bit<T>) | (bits<T, N>(sign) & sign_bit<T>));
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> max(Float<T, N> bound, Float<T, N> x) {
  if constexpr (cuda_scalar<T, N>) return cuda::max(bound, x);
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (avx512<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm512_max_ps((__m512)bound, (__m512)x);
  else if constexpr (avx512<T, N>)
    return (Float<T, N>)_mm512_max_pd((__m512d)bound, (__m512d)x);
  else
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
      if constexpr (avx2<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm256_max_ps((__m256)bound, (__m256)x);
  else if constexpr (avx2<T, N>)
    return (Float<T, N>)_mm256_max_pd((__m256d)bound, (__m256d)x);
  else
#endif
    return bound > x ? bound : x;
}
template <class T, int N>
SMOOTHACT_FN Float<T, N> min(Float<T, N> bound, Float<T, N> x) {
  if constexpr (cuda_scalar<T, N>) return cuda::min(bound, x);
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (avx512<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm512_min_ps((__m512)bound, (__m512)x);
  else if constexpr (avx512<T, N>)
    return (Float<T, N>)_mm512_min_pd((__m512d)bound, (__m512d)x);
  else
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
      if constexpr (avx2<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm256_min_ps((__m256)bound, (__m256)x);
  else if constexpr (avx2<T, N>)
    return (Float<T, N>)_mm256_min_pd((__m256d)bound, (__m256d)x);
  else
#endif
    return bound < x ? bound : x;
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> multiply_sign(Float<T, N> a, Float<T, N> sign) {
  return from_bits<T, N>(bits<T, N>(a) ^ (bits<T, N>(sign) & sign_bit<T>));
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> sqrt(Float<T, N> a) {
  if constexpr (cuda_scalar<T, N>) return cuda::sqrt(a);
  if constexpr (N == 1) {
    if constexpr (sizeof(T) == 4)
      return __builtin_sqrtf(a);
    else
      return __builtin_sqrt(a);
#if defined(__AVX512F__) && !defined(__CUDACC__)
  } else if constexpr (avx512<T, N> && sizeof(T) == 4) {
    return (Float<T, N>)_mm512_sqrt_ps((__m512)a);
  } else if constexpr (avx512<T, N>) {
    return (Float<T, N>)_mm512_sqrt_pd((__m512d)a);
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
  } else if constexpr (avx2<T, N> && sizeof(T) == 4) {
    return (Float<T, N>)_mm256_sqrt_ps((__m256)a);
  } else if constexpr (avx2<T, N>) {
    return (Float<T, N>)_mm256_sqrt_pd((__m256d)a);
#endif
  } else {
    Float<T, N> r;
    for (int i = 0; i < N; ++i) r[i] = sqrt<T, 1>(a[i]);
    return r;
  }
}

// a / b where 1 / b is a normal number.
template <class T, int N>
SMOOTHACT_FN Float<T, N> divide(Float<T, N> a, Float<T, N> b) {
  if constexpr (cuda_scalar<T, N>) return cuda::divide(a, b);
  return a / b;
}
// 1 / a to 1 ulp, for a normal number that is no more than 2^126: for those who correct it anyway.
template <class T, int N>
SMOOTHACT_FN Float<T, N> reciprocal(Float<T, N> a) {
  if constexpr (cuda_scalar<T, N>) return cuda::reciprocal(a);
  return static_cast<T>(1) / a;
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> round(Float<T, N> a) {
  const Float<T, N> magic = broadcast<T, N>(static_cast<T>(Format<T>::round_magic));
  return (a + magic) - magic;
}

// 2^n for an integral n within the normal exponents: the sum with the magic number leaves n, biased, in the low bits.
template <class T, int N>
SMOOTHACT_FN Float<T, N> power_of_two(Float<T, N> n) {
  const Bits<T, N> i = bits<T, N>(n + broadcast<T, N>(static_cast<T>(Format<T>::round_magic + Format<T>::bias)));
  using B = typename Format<T>::bits;
  using U = std::make_unsigned_t<B>;
  if constexpr (N == 1)
    return from_bits<T, N>(static_cast<B>(static_cast<U>(i) << Format<T>::mantissa));
  else
    return from_bits<T, N>(i << B(Format<T>::mantissa));
}

// a = m 2^n, m from sqrt(1/2) to sqrt(2), of a positive normal number: m, and n by the magic number.
template <class T, int N>
SMOOTHACT_FN Float<T, N> split_octave(Float<T, N> a, Float<T, N>& n) {
  const Float<T, N> magic = broadcast<T, N>(static_cast<T>(Format<T>::round_magic));
  const Bits<T, N> root = bits<T, N>(broadcast<T, N>(static_cast<T>(0x1.6a09e667f3bcdp-1)));
  using B = typename Format<T>::bits;
  const Bits<T, N> i = bits<T, N>(a), k = (i - root) >> B(Format<T>::mantissa);
  n = from_bits<T, N>(bits<T, N>(magic) + k) - magic;
  return from_bits<T, N>(i - (k << B(Format<T>::mantissa)));
}

template <class T, int N>
SMOOTHACT_FN Float<T, N> ldexp(Float<T, N> m, Float<T, N> n) {
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (avx512<T, N> && sizeof(T) == 4)
    return (Float<T, N>)_mm512_scalef_ps((__m512)m, (__m512)n);
  else if constexpr (avx512<T, N>)
    return (Float<T, N>)_mm512_scalef_pd((__m512d)m, (__m512d)n);
  else
#endif
  {
    // Two normal powers, whose exponents are the halves of n's: all in the low bits of the sum with the magic number.
    // The first product is exact, the second rounds once, into the subnormals where need be.
    using F = Format<T>;
    using U = std::conditional_t<N == 1, std::make_unsigned_t<typename F::bits>, Bits<T, N>>;
    constexpr typename F::bits exponents = (typename F::bits(2) * F::bias + 1) << F::mantissa;
    const U twice = static_cast<U>(bits<T, N>(n + broadcast<T, N>(static_cast<T>(F::round_magic + 2 * F::bias))));
    const U first = (twice << (F::mantissa - 1)) & exponents, second = (twice << F::mantissa) - first;
    return m * from_bits<T, N>(static_cast<Bits<T, N>>(first)) * from_bits<T, N>(static_cast<Bits<T, N>>(second));
  }
}
template <class T, int N>
SMOOTHACT_FN Float<T, N> power_beside_one(Float<T, N> n) {
  if constexpr (avx512<T, N> || cuda_scalar<T, N>)  // on CUDA the powers are at hand from ldexp
    return ldexp<T, N>(broadcast<T, N>(1), n);
  else
    return power_of_two<T, N>(max<T, N>(broadcast<T, N>(T(-64)), n));
}

// 1/sqrt(a) to 1.5 ulp, for a normal number.
template <class T, int N>
SMOOTHACT_FN Float<T, N> rsqrt(Float<T, N> a) {
  if constexpr (cuda_scalar<T, N>) return cuda::rsqrt(a);
  return static_cast<T>(1) / sqrt<T, N>(a);
}

// Not on the device, where registers cannot be indexed.
#if !defined(__CUDACC__)
// table[i mod 16], lane by lane, i the integer in the lane's bits; of 8 entries, where it is known that i mod 16 < 8.
template <int N, int Entries>
SMOOTHACT_FN Float<float, N> lookup(const float* table, Bits<float, N> i) {
  if constexpr (N == 1) {
    return table[i & 15];
#if defined(__AVX512F__)
  } else if constexpr (avx512<float, N>) {
    return (Float<float, N>)_mm512_permutexvar_ps((__m512i)i, _mm512_load_ps(table));
#endif
#if defined(__AVX2__)
  } else if constexpr (avx2<float, N>) {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(table), (__m256i)i);
    if constexpr (Entries == 8) return (Float<float, N>)low;
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(table + 8), (__m256i)i);
    return (Float<float, N>)_mm256_blendv_ps(low, high, (__m256)(i << 28));
#endif
  } else {
    Float<float, N> r;
    for (int k = 0; k < N; ++k) r[k] = table[i[k] & 15];
    return r;
  }
}
// Whether all i mod 16 < 8, where to know it is of use: a register of AVX2 holds eight entries.
template <int N>
SMOOTHACT_FN bool first_half([[maybe_unused]] Bits<float, N> i) {
#if defined(__AVX2__)
  if constexpr (avx2<float, N>) return _mm256_movemask_ps((__m256)(i << 28)) == 0;
#endif
  return false;
}
#endif

}  // namespace math::native
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
