// SPDX-License-Identifier: Apache-2.0
// What every number type of the formulas shares: the function attribute, parameters, and the concept itself.
//
// A formula is a template on a number class V: a SIMD register, a scalar (host and device), or a tensor.
// V converts from double and has + - * /, comparisons that give a mask, and, found by ADL in this namespace,
// select, fma, abs, min, max, clamp, sqrt, round, copysign, ldexp, is_nan.
#pragma once

#include <limits>
#include <type_traits>

#if defined(__CUDACC__)
#define SMOOTHACT_FN __host__ __device__ __forceinline__
#define SMOOTHACT_OUTLINE __host__ __device__ __noinline__
#else
#if !defined(SMOOTHACT_FN)
#define SMOOTHACT_FN inline __attribute__((always_inline))
#endif
#define SMOOTHACT_OUTLINE __attribute__((noinline))
#endif

// One inline namespace per instruction set: the same template compiled with other flags must be another symbol,
// or the linker hands AVX-512 code to a machine without it.
#if !defined(SMOOTHACT_ISA)
#define SMOOTHACT_ISA generic
#endif

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// The model is a test's: CUDA's arithmetic on the host.
#if defined(__CUDACC__) || defined(SMOOTHACT_CUDA_MODEL)
inline constexpr bool on_cuda = true;
#else
inline constexpr bool on_cuda = false;
#endif

// A parameter of an activation, or a number of its formula. The float pair is made once, on the host: kernels in single
// precision spend no double instruction on it and still see every digit. `low` continues a decimal that is no double.
struct Constant {
  double value, low;
  float hi, lo;
  SMOOTHACT_FN constexpr Constant(double v, double low = 0)
      : value(v), low(low), hi(static_cast<float>(v)), lo(remainder(v, static_cast<float>(v))) {}

  template <class T>
  SMOOTHACT_FN constexpr T leading() const {
    if constexpr (std::is_same_v<T, double>)
      return value;
    else
      return hi;
  }
  template <class T>
  SMOOTHACT_FN constexpr T trailing() const {
    if constexpr (std::is_same_v<T, double>)
      return low;
    else
      return lo;
  }

 private:
  static SMOOTHACT_FN constexpr float remainder(double v, float hi) {
    const double r = v - static_cast<double>(hi);
    return r == r && r - r == 0 ? static_cast<float>(r) : 0.0f;  // v or hi infinite
  }
};

// Of parameters, with every digit: a width is the reciprocal of a scale.
SMOOTHACT_FN constexpr Constant operator*(const Constant& a, const Constant& b) {
  const double p = a.value * b.value;
  return {p, __builtin_fma(a.value, b.value, -p) + (a.value * b.low + a.low * b.value)};
}
SMOOTHACT_FN constexpr Constant reciprocal(const Constant& k) {
  const double r = 1 / k.value;
  return {r, k.value == 0 ? 0 : r * (__builtin_fma(-r, k.value, 1.0) - r * k.low)};
}
SMOOTHACT_FN constexpr Constant root(const Constant& k) {
  const double s = __builtin_sqrt(k.value);
  return {s, k.value == 0 ? 0 : (__builtin_fma(-s, s, k.value) + k.low) / (2 * s)};
}
SMOOTHACT_FN constexpr Constant operator+(const Constant& a, const Constant& b) {
  const double s = a.value + b.value, part = s - a.value;
  return {s, ((a.value - (s - part)) + (b.value - part)) + (a.low + b.low)};
}
SMOOTHACT_FN constexpr Constant operator-(const Constant& a, const Constant& b) {
  return a + Constant(-b.value, -b.low);
}

template <class T>
struct Format;
template <>
struct Format<float> {
  using bits = int;
  static constexpr int mantissa = 23, bias = 127, digits = 24;
  static constexpr double round_magic = 0x1.8p23;
  // exp(-tail) times any power of x that occurs is below the smallest subnormal; 2^(-tail/ln 2) is two normal powers.
  static constexpr double tail = 150;
  static constexpr double largest = 0x1.fffffep127;
};
template <>
struct Format<double> {
  using bits = long long;
  static constexpr int mantissa = 52, bias = 1023, digits = 53;
  static constexpr double round_magic = 0x1.8p52;
  static constexpr double tail = 1000;
  static constexpr double largest = std::numeric_limits<double>::max();
};

// Digits that a result about to be rounded to bfloat16 needs: eight, and as many again lest the rounding go astray.
inline constexpr int bfloat16_digits = 17;
// Digits of a double that a result about to be rounded to float needs: the error terms of sums are none of them.
inline constexpr int float_digits = 48;
template <class V>
inline constexpr bool coarse = V::digits <= bfloat16_digits;

template <class V>
SMOOTHACT_FN V clamp(V x, double low, double high) {
  return min(V(high), max(V(low), x));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
