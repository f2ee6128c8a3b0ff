// SPDX-License-Identifier: Apache-2.0
// What every number type of the formulas shares: the function attribute, parameters, and the concept itself.
//
// A formula is a template on a number class V: a SIMD register, a scalar (host and device), or a tensor.
// V converts from double and has + - * /, comparisons that give a mask, and, found by ADL in this namespace,
// select, fma, abs, min, max, clamp, sqrt, round, copysign, ldexp, is_nan.
#pragma once

#include <bit>
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

// Whether parameters have derivatives. The macro names the header of such a Constant.
#if defined(SMOOTHACT_LEARNED)
inline constexpr bool learned = true;
#else
inline constexpr bool learned = false;
#endif

// A number of a formula. The float pair is made once, on the host: kernels in single precision spend no double
// instruction on it and still see every digit. `low` continues a decimal that is no double.
struct Literal {
  double value, low;
  float hi, lo;
  SMOOTHACT_FN constexpr Literal(double v, double low = 0)
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
SMOOTHACT_FN constexpr Literal operator*(const Literal& a, const Literal& b) {
  const double p = a.value * b.value;
  return {p, __builtin_fma(a.value, b.value, -p) + (a.value * b.low + a.low * b.value)};
}
SMOOTHACT_FN constexpr Literal reciprocal(const Literal& k) {
  const double r = 1 / k.value;
  return {r, k.value == 0 ? 0 : r * (__builtin_fma(-r, k.value, 1.0) - r * k.low)};
}
SMOOTHACT_FN constexpr Literal root(const Literal& k) {
  const double s = __builtin_sqrt(k.value);
  return {s, k.value == 0 ? 0 : (__builtin_fma(-s, s, k.value) + k.low) / (2 * s)};
}
SMOOTHACT_FN constexpr Literal operator+(const Literal& a, const Literal& b) {
  const double s = a.value + b.value, part = s - a.value;
  return {s, ((a.value - (s - part)) + (b.value - part)) + (a.low + b.low)};
}
SMOOTHACT_FN constexpr Literal operator-(const Literal& a, const Literal& b) { return a + Literal(-b.value, -b.low); }
SMOOTHACT_FN constexpr Literal operator-(const Literal& a) { return {-a.value, -a.low}; }
SMOOTHACT_FN constexpr Literal operator/(const Literal& a, const Literal& b) {
  const double q = a.value / b.value;
  return {q, b.value == 0 ? 0 : (__builtin_fma(-q, b.value, a.value) + (a.low - q * b.low)) / b.value};
}
SMOOTHACT_FN constexpr bool operator<(const Literal& a, const Literal& b) { return a.value < b.value; }
SMOOTHACT_FN constexpr bool operator<=(const Literal& a, const Literal& b) { return a.value <= b.value; }
SMOOTHACT_FN constexpr Literal select(bool condition, const Literal& a, const Literal& b) { return condition ? a : b; }
// Four times the root of the power of four below k, if that is a normal number.
SMOOTHACT_FN constexpr Literal quadruple_root(const Literal& k) {
  const int e = static_cast<int>(std::bit_cast<long long>(k.value) >> 52) - 1023;
  return std::bit_cast<double>(static_cast<long long>((e < -1020 ? -510 : e >> 1) + 2 + 1023) << 52);
}
// Whether the host knows it to be so.
SMOOTHACT_FN constexpr bool equals(const Literal& k, double value) { return k.value == value; }
SMOOTHACT_FN bool is_power_of_two(const Literal& k) {
  return k.value != 0 && (std::bit_cast<long long>(k.value) & ((1LL << 52) - 1)) == 0;
}
// For a range beyond which nothing changes: it is no function of the parameter.
SMOOTHACT_FN constexpr Literal bound(const Literal& k) { return k; }

// y, a zero with the sign of `sign`.
template <class V>
SMOOTHACT_FN V with_sign_of_zero(V y, V sign) {
  return select(abs(y) <= 0, copysign(y, sign), y);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact

#if defined(SMOOTHACT_LEARNED)
#include SMOOTHACT_LEARNED
#endif

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// A parameter of an activation, or a number of its formula.
#if !defined(SMOOTHACT_LEARNED)
using Constant = Literal;
#endif

// Of -0 it is 0: its reciprocal is infinity.
SMOOTHACT_FN constexpr Constant magnitude(const Constant& k) { return select(k < 0, -k, k + Constant(0)); }

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
