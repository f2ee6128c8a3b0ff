// SPDX-License-Identifier: Apache-2.0
// What math_test and math_exhaustive share: a row for every function of csrc/math, compiled once per instruction set in
// math_rows.cpp, and the measure of its error in units in the last place of the result.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace smoothact::math_rows {

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

template <class T>
struct Row {
  const char* name;
  void (*vector)(const T* x, T* y, size_t count);  // count: whole registers
  T (*scalar)(T);
  Wide<T> (*reference)(T);
  T low, high;
  double max_ulp;
  T floor;  // the last place stops shrinking here, near a root that the reference itself only knows so well
  int digits;
};

// The rows of one instruction set: float, bfloat16's digits of float, and double.
struct Suite {
  const char* isa;
  std::span<const Row<float>> single, coarse;
  std::span<const Row<double>> wide;
};
std::vector<Suite> suites();  // of what this processor has, the best one last

inline constexpr size_t block = 4096;  // a multiple of every register's lanes

// The numbers in their order, -0 before 0, as integers without gaps.
template <class T>
using Integer = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
template <class T>
int64_t position(T x) {
  const auto bits = std::bit_cast<Integer<T>>(x);
  return bits < 0 ? std::numeric_limits<Integer<T>>::min() - (int64_t{bits} + 1) : int64_t{bits};
}
template <class T>
T number(int64_t position) {
  return std::bit_cast<T>(
      static_cast<Integer<T>>(position < 0 ? std::numeric_limits<Integer<T>>::min() - (position + 1) : position));
}

// Of a positive number: its exponent, and the power of two of one that is normal in Wide.
inline int exponent_of(double v) { return static_cast<int>(std::bit_cast<int64_t>(v) >> 52) - 1023; }
inline int exponent_of(long double v) { return std::ilogb(v); }
inline double power_of(int exponent, double) { return std::bit_cast<double>(int64_t{exponent + 1023} << 52); }
inline long double power_of(int exponent, long double) { return std::scalbn(1.0L, exponent); }

template <class T>
double ulps(T value, Wide<T> expected, T floor = 0, int digits = std::numeric_limits<T>::digits) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(value)) return HUGE_VAL;
  // An infinity stands for the first number out of range.
  const Wide<T> beyond = power_of(Limits::max_exponent, Wide<T>());
  const Wide<T> v = std::clamp<Wide<T>>(value, -beyond, beyond), e = std::clamp(expected, -beyond, beyond);
  const int exponent = exponent_of(std::max<Wide<T>>({std::abs(e), floor, Limits::min()}));
  const int last =
      std::clamp(exponent + 1 - digits, Limits::min_exponent - Limits::digits, Limits::max_exponent - digits);
  return static_cast<double>(std::abs(v - e)) / static_cast<double>(power_of(last, Wide<T>()));
}

template <class T>
struct Worst {
  double error = 0;
  T at = 0;

  void see(double e, T x) {
    if (!(e <= error)) error = e, at = x;
  }
  void see(const Worst& other) { see(other.error, other.at); }
};

// The errors of a row at a block of points; of the scalar at one point in `scalar_stride`.
template <class T>
Worst<T> measure(const Row<T>& row, const T* x, const Wide<T>* expected, size_t scalar_stride) {
  Worst<T> worst;
  T y[block];
  row.vector(x, y, block);
  for (size_t i = 0; i < block; ++i) worst.see(ulps(y[i], expected[i], row.floor, row.digits), x[i]);
  for (size_t i = 0; i < block; i += scalar_stride)
    worst.see(ulps(row.scalar(x[i]), expected[i], row.floor, row.digits), x[i]);
  return worst;
}

// Point i of count in a row's domain: one half spread over the numbers, the other over the values, since most errors
// live where |x| is 0.1 to 100.
template <class T>
T point(const Row<T>& row, double where, bool over_numbers) {
  if (over_numbers) {
    const auto low = position(row.low), high = position(row.high);
    return number<T>(low + static_cast<int64_t>(where * (static_cast<double>(high) - static_cast<double>(low))));
  }
  constexpr T reach = sizeof(T) == 4 ? 110 : 760;
  const T low = std::max(row.low, -reach), high = std::min(row.high, reach);
  return std::clamp(static_cast<T>(low + where * (static_cast<double>(high) - low)), row.low, row.high);
}

}  // namespace smoothact::math_rows
