// SPDX-License-Identifier: Apache-2.0
// Every function of csrc/math against libm in a wider type, by units in the last place of the result.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "math/log.h"
#include "math/mills.h"
#include "math/simd.h"

namespace smoothact::math {
namespace {

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

template <class R>
constexpr R pi = 3.14159265358979323846264338327950288L;

// exp(-t^2/2) with t^2 in two terms.
template <class R>
R gaussian(R t) {
  const R square = t * t;
  return std::exp(-square / 2) * (1 - std::fma(t, t, -square) / 2);
}
// M = 1/(t + D), D = 1/(t + 2/(t + 3/(t + ...))).
template <class R>
R reference_fraction(R t) {
  if (t < 3) return 1 / (std::sqrt(pi<R> / 2) * std::exp(t * t / 2) * std::erfc(t / std::sqrt(R(2)))) - t;
  R fraction = t;
  for (int k = 120; k > 1; --k) fraction = t + k / fraction;
  return 1 / fraction;
}
template <class R>
R reference_mills(R t) {
  return 1 / (t + reference_fraction(t));
}
template <class R>
R reference_pdf(R t) {
  return gaussian(t) / std::sqrt(2 * pi<R>);
}

// One register of the widest instruction set that the test is compiled for.
template <class T>
using Register = Simd<T, native::register_bytes / sizeof(T)>;

template <class T>
struct Row {
  const char* name;
  Simd<T, 1> (*scalar)(Simd<T, 1>);
  Register<T> (*vector)(Register<T>);
  Wide<T> (*reference)(Wide<T>);
  T low, high;
  double max_ulp;
  T floor;  // the last place stops shrinking here, near a root that the reference itself only knows so well

  template <class F>
  Row(const char* name, F function, Wide<T> (*reference)(Wide<T>), T low, T high, double max_ulp, T floor = 0)
      : name(name),
        scalar(function),
        vector(function),
        reference(reference),
        low(low),
        high(high),
        max_ulp(max_ulp),
        floor(floor) {}
};

template <class T>
std::vector<Row<T>> rows() {
  using R = Wide<T>;
  constexpr bool single = std::is_same_v<T, float>;
  const T log_max = single ? T(88.72283) : T(709.782), log_min = single ? -105 : -747;
  const T tail = single ? T(14.6) : T(39), root_floor = single ? T(0x1p-18) : T(0x1p-7);
  return {
      {"exp", [](auto z) { return exp(z); }, [](R z) { return std::exp(z); }, log_min, log_max, 1.0},
      {"exp of a product", [](auto x) { return exp_scaled(product(Constant(1.5), x)).value(); },
       [](R x) { return std::exp(R(1.5) * x); }, log_min / T(1.5), log_max / T(1.5), 1.0},
      {"exp_expm1, e", [](auto z) { return exp_expm1(z).e().value(); }, [](R z) { return std::exp(z); }, log_min, 0,
       1.1},
      {"exp_expm1, em1", [](auto z) { return exp_expm1(z).em1.hi; }, [](R z) { return std::expm1(z); }, log_min, 0,
       1.2},
      {"expm1", [](auto z) { return expm1(z); }, [](R z) { return std::expm1(z); }, log_min, log_max,
       single ? 1.5 : 2.0},
      {"log1p_unit", [](auto e) { return log1p_unit(e); }, [](R e) { return std::log1p(e); }, 0, 1, single ? 1.1 : 1.3},
      {"log1p_scaled",
       [](auto e) {
         return log1p_scaled(Scaled<decltype(e)>{e, 0}).value();
       },
       [](R e) { return std::log1p(e); }, 0, 1, single ? 1.2 : 1.3},
      {"normal_pdf", [](auto t) { return normal_pdf(t).value(); }, [](R t) { return reference_pdf(t); }, -tail, tail,
       1.1},
      {"normal_tail", [](auto t) { return normal_tail(t).value(); },
       [](R t) { return reference_pdf(t) * reference_mills(t); }, 0, tail, 3.6},
      {"weighted_tail", [](auto t) { return weighted_tail(t).value(); },
       [](R t) { return t * reference_pdf(t) * reference_mills(t); }, 0, tail, single ? 2.4 : 2.6},
      {"weighted_tail_slope", [](auto t) { return weighted_tail_slope(t).value(); },
       [](R t) { return reference_pdf(t) * (reference_mills(t) - t); }, 0, tail, single ? 3.7 : 3.9, root_floor},
      {"mills", [](auto t) { return mills(t); }, [](R t) { return reference_mills(t); }, 0, tail, single ? 2.1 : 2.5},
      {"one_minus_t_mills", [](auto t) { return one_minus_t_mills(t); },
       [](R t) { return reference_fraction(t) * reference_mills(t); }, 0, tail, single ? 5.7 : 8.2},
  };
}

template <class T>
double ulps(T value, Wide<T> expected, T floor = 0) {
  if (std::isnan(value) || std::isinf(value)) return std::isinf(static_cast<T>(expected)) ? 0 : HUGE_VAL;
  const int exponent = std::ilogb(std::max<Wide<T>>({std::abs(expected), floor, std::numeric_limits<T>::min()}));
  const auto ulp = std::scalbn(Wide<T>(1), exponent + 1 - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(value - expected) / ulp);
}

template <class T>
void expect_row(const Row<T>& row, std::vector<T> sample) {
  constexpr int lanes = Register<T>::lanes;
  std::erase_if(sample, [&](T x) { return !(row.low <= x && x <= row.high); });
  sample.resize(sample.size() / lanes * lanes);
  EXPECT_GT(sample.size(), 100000u) << row.name;
  double worst = 0;
  T at = 0;
  for (size_t i = 0; i < sample.size(); i += lanes) {
    T values[lanes];
    Register<T> r;
    std::memcpy(&r, &sample[i], sizeof r);
    r = row.vector(r);
    std::memcpy(values, &r, sizeof r);
    for (int k = 0; k < lanes; ++k) {
      const T x = sample[i + k];
      const Wide<T> expected = row.reference(x);
      const double error =
          std::max(ulps(row.scalar(Simd<T, 1>(x)).v, expected, row.floor), ulps(values[k], expected, row.floor));
      if (!(error <= worst)) worst = error, at = x;
    }
  }
  EXPECT_LE(worst, row.max_ulp) << row.name << " at " << at;
  std::printf("%-20s %5.3f ulp at %g\n", row.name, worst, static_cast<double>(at));
}

TEST(Math, Float) {
  constexpr int stride = 1009;
  std::vector<float> sample{0.0f, 1.0f, 0.7f, 0x1p-149f, 0x1p-126f};
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += stride)
    sample.push_back(std::bit_cast<float>(uint32_t(bits)));
  // Bit patterns are spread evenly over the exponents; most errors live where |x| is 0.1 to 100.
  for (int i = -400000; i <= 400000; ++i) sample.push_back(static_cast<float>(i * 2.7e-4));
  for (const auto& row : rows<float>()) expect_row(row, sample);
}

TEST(Math, Double) {
  if (std::numeric_limits<long double>::digits <= 53) GTEST_SKIP() << "no type wider than double";
  std::vector<double> sample{0.0, 1.0, 0.7, 0x1p-1074, 0x1p-1022};
  std::mt19937_64 random;
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int i = 0; i < 1000000; ++i) {
    sample.push_back(unit(random));
    sample.push_back(std::exp(7 * unit(random)) * (i % 2 ? 1 : -1));
  }
  for (int i = 0; i < 100000; ++i) sample.push_back(std::exp2(1000 * unit(random)));
  for (const auto& row : rows<double>()) expect_row(row, sample);
}

template <class T>
void expect_limits() {
  using V = Simd<T, 1>;
  constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const auto& row : rows<T>()) EXPECT_TRUE(std::isnan(row.scalar(nan).v)) << row.name;
  for (T far : {infinity, std::numeric_limits<T>::max(), T(1e30)}) {
    EXPECT_EQ(exp(V(far)).v, infinity);
    EXPECT_EQ(exp(V(-far)).v, 0);
    EXPECT_EQ(expm1(V(far)).v, infinity);
    EXPECT_EQ(expm1(V(-far)).v, -1);
    EXPECT_EQ(exp_expm1(V(-far)).em1.hi.v, -1);
    EXPECT_EQ(exp_expm1(V(-far)).e().value().v, 0);
    EXPECT_EQ(normal_pdf(V(far)).value().v, 0);
    EXPECT_EQ(weighted_tail(V(far)).value().v, 0);
    EXPECT_EQ(weighted_tail_slope(V(far)).value().v, 0);
    EXPECT_EQ(normal_tail(V(far)).value().v, 0);
  }
  EXPECT_EQ(exp(V(0)).v, 1);
  EXPECT_EQ(log1p_unit(V(0)).v, 0);
  EXPECT_EQ(weighted_tail(V(0)).value().v, 0);
  EXPECT_EQ(weighted_tail_slope(V(0)).value().v, T(0.5));
  EXPECT_EQ(normal_tail(V(0)).value().v, T(0.5));
}
TEST(Math, Limits) {
  expect_limits<float>();
  expect_limits<double>();
}

// A product under an exponential that is itself below the normal numbers.
TEST(Math, ScaledRoundsOnce) {
  for (double z = 80; z < 105; z += 0.37) {
    const float x = 1000.1f;
    const double expected = x * std::exp(-static_cast<double>(static_cast<float>(z)));
    EXPECT_LE(ulps((exp_scaled(Simd<float, 1>(-static_cast<float>(z))) * Simd<float, 1>(x)).value().v, expected), 1.6);
  }
}

}  // namespace
}  // namespace smoothact::math
