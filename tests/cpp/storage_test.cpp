// SPDX-License-Identifier: Apache-2.0
#include "cuda/storage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace smoothact::cuda {
namespace {

// The nearest of all values, ties to the even mantissa, by exact arithmetic in double.
template <DType D>
void expect_nearest(uint16_t infinity) {
  using E = Element<D>;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = E::widen(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(E::widen(E::narrow(value))));
      continue;
    }
    ASSERT_EQ(E::narrow(value), bits);
    if ((bits & 0x7fff) == infinity) continue;
    // Beyond the largest finite value the rounding is as if the exponent went on.
    const uint32_t next_bits = bits + 1;
    const double low = value, previous = (bits & 0x7fff) == 0 ? 0 : E::widen(static_cast<uint16_t>(bits - 1));
    const double next =
        (next_bits & 0x7fff) == infinity ? 2 * low - previous : E::widen(static_cast<uint16_t>(next_bits));
    const float middle = static_cast<float>((low + next) / 2);
    ASSERT_EQ(E::narrow(middle), bits % 2 == 0 ? bits : next_bits) << bits;
    ASSERT_EQ(E::narrow(std::nextafter(middle, static_cast<float>(low))), bits) << bits;
    const float above = std::nextafter(middle, std::copysign(std::numeric_limits<float>::infinity(), middle));
    ASSERT_EQ(E::narrow(above), next_bits) << bits;
  }
}

TEST(Storage, Bfloat16RoundsToNearestEven) { expect_nearest<DType::bf16>(0x7f80); }
TEST(Storage, HalfRoundsToNearestEven) { expect_nearest<DType::f16>(0x7c00); }

}  // namespace
}  // namespace smoothact::cuda
