// SPDX-License-Identifier: Apache-2.0
// A sample of every row of math_rows.cpp, for each instruction set that this processor has; math_exhaustive leaves none
// out.
#include <gtest/gtest.h>

#include <cstdio>

#include "math/log.h"
#include "math/mills.h"
#include "math/simd.h"
#include "math_rows.h"

namespace smoothact::math {
namespace {

using math_rows::Row;
using math_rows::Suite;

template <class T>
void expect_rows(std::span<const Row<T>> Suite::*rows, size_t count) {
  using math_rows::block;
  const auto suites = math_rows::suites();
  ASSERT_FALSE(suites.empty());
  for (size_t r = 0; r < (suites[0].*rows).size(); ++r) {
    const Row<T>& shared = (suites[0].*rows)[r];
    if (shared.max_ulp == 0) continue;
    std::vector<math_rows::Worst<T>> worst(suites.size());
    T x[block];
    math_rows::Wide<T> expected[block];
    for (size_t i = 0; i < count; i += block) {
      for (size_t k = 0; k < block; ++k) {
        x[k] = point(shared, static_cast<double>(i + k) / (count - 1), k % 2);
        expected[k] = shared.reference(x[k]);
      }
      for (size_t s = 0; s < suites.size(); ++s) worst[s].see(measure((suites[s].*rows)[r], x, expected, 1));
    }
    for (size_t s = 0; s < suites.size(); ++s) {
      EXPECT_LE(worst[s].error, shared.max_ulp) << suites[s].isa << " " << shared.name << " at " << worst[s].at;
      std::printf("%-7s %-28s %6.3f of %5.2f ulp at %g\n", suites[s].isa, shared.name, worst[s].error, shared.max_ulp,
                  static_cast<double>(worst[s].at));
    }
  }
}

TEST(Math, Float) { expect_rows(&Suite::single, 1 << 20); }
TEST(Math, Bfloat16Digits) { expect_rows(&Suite::coarse, 1 << 19); }
TEST(Math, Double) {
  if (std::numeric_limits<long double>::digits <= 53) GTEST_SKIP() << "no type wider than double";
  expect_rows(&Suite::wide, 1 << 19);
}

TEST(Math, NanPasses) {
  const auto expect = [](const char* isa, auto rows, auto nan) {
    for (const auto& row : rows) {
      if (row.max_ulp == 0) continue;
      decltype(nan) x[math_rows::block], y[math_rows::block];
      std::fill(std::begin(x), std::end(x), nan);
      row.vector(x, y, math_rows::block);
      EXPECT_TRUE(std::isnan(y[0])) << isa << " " << row.name;
      EXPECT_TRUE(std::isnan(row.scalar(nan))) << isa << " " << row.name;
    }
  };
  for (const Suite& s : math_rows::suites()) {
    expect(s.isa, s.single, std::numeric_limits<float>::quiet_NaN());
    expect(s.isa, s.coarse, std::numeric_limits<float>::quiet_NaN());
    expect(s.isa, s.wide, std::numeric_limits<double>::quiet_NaN());
  }
}

template <class T>
void expect_limits() {
  using V = Simd<T, 1>;
  constexpr T infinity = std::numeric_limits<T>::infinity();
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
    EXPECT_LE(
        math_rows::ulps((exp_scaled(Simd<float, 1>(-static_cast<float>(z))) * Simd<float, 1>(x)).value().v, expected),
        1.6);
  }
}

}  // namespace
}  // namespace smoothact::math
