// SPDX-License-Identifier: Apache-2.0
#include "cuda/indexing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <type_traits>
#include <vector>

namespace smoothact::cuda {
namespace {

TEST(Divider, DividesLikeTheOperator) {
  std::vector<uint32_t> divisors, numbers{0, 1, (1u << 30), (1u << 31) - 1};
  for (uint32_t d = 1; d < 2000; ++d) divisors.push_back(d);
  for (int shift = 11; shift <= 30; ++shift)
    for (int off = -1; off <= 1; ++off) divisors.push_back((1u << shift) + off);
  std::mt19937 random;
  for (int i = 0; i < 2000; ++i) {
    divisors.push_back(random() >> (2 + random() % 20) | 1);
    numbers.push_back(random() >> 1);
  }
  for (uint32_t d : divisors) {
    const Divider divider(d);
    int wrong = 0;
    for (uint32_t n : numbers) wrong += divider.quotient(n) != n / d;
    for (uint32_t multiple = d; multiple < (1u << 30); multiple += std::max(d, 1u << 22) / d * d)
      for (uint32_t n = multiple - 1; n <= multiple + 1; ++n) wrong += divider.quotient(n) != n / d;
    ASSERT_EQ(wrong, 0) << d;
  }
}

// Nothing is dereferenced below: the addresses are numbers.
struct Far {
  Request request{};
  Far(Order order, DType dtype, std::vector<int64_t> sizes, std::vector<std::vector<int64_t>> strides) {
    request.order = order;
    request.dtype = dtype;
    request.ndim = static_cast<int>(sizes.size());
    for (int d = 0; d < request.ndim; ++d) request.sizes[d] = sizes[d];
    for (size_t k = 0; k < strides.size(); ++k) {
      request.operands[k] = reinterpret_cast<void*>(uintptr_t{1} << (44 + k));
      for (int d = 0; d < request.ndim; ++d) request.strides[k][d] = strides[k][d] * element_bytes(dtype);
    }
  }
  uint64_t address(int k, uint64_t element) const {
    uint64_t at = reinterpret_cast<uintptr_t>(request.operands[k]);
    for (int d = 0; d < request.ndim; ++d) {
      at += element % request.sizes[d] * request.strides[k][d];
      element /= request.sizes[d];
    }
    return at;
  }
};

// Every item of `plan` that lies at a threshold is where element `first + item * lanes` is.
template <class Plan>
void expect_addresses(const Far& far, const Plan& plan, int lanes, uint64_t first) {
  std::vector<uint32_t> items{0, 1, plan.items / 2, plan.items - 1};
  for (int shift = 26; shift < 31; ++shift)
    for (int off = -1; off <= 1; ++off) items.push_back((1u << shift) + off);
  std::mt19937 random;
  for (int i = 0; i < 100; ++i) items.push_back(random() % plan.items);
  for (uint32_t item : items) {
    if (item >= plan.items) continue;
    char* address[2];
    plan.addresses(item, address);
    for (int k = 0; k < 2; ++k)
      ASSERT_EQ(reinterpret_cast<uintptr_t>(address[k]), far.address(k, first + plan.head + uint64_t{item} * lanes));
  }
}

TEST(Launch, BeyondTwoToThe31) {
  constexpr int64_t large = (int64_t{1} << 31) + 12345;
  const auto walk = [](const Far& far, size_t launches) {
    uint64_t first = 0;
    size_t count = 0;
    for_each_launch(far.request, 16, piece_elements, [&](auto& plan, int) {
      const int lanes = std::is_same_v<decltype(plan), PackPlan&> ? 16 / element_bytes(far.request.dtype) : 1;
      ASSERT_LE(plan.items, piece_elements);
      expect_addresses(far, plan, lanes, first);
      first += plan.head + uint64_t{plan.items} * lanes + plan.tail;
      ++count;
    });
    uint64_t numel = 1;
    for (int d = 0; d < far.request.ndim; ++d) numel *= far.request.sizes[d];
    EXPECT_EQ(first, numel);
    EXPECT_EQ(count, launches);
  };
  walk({Order::forward, DType::bf16, {large}, {{1}, {1}}}, 3);
  walk({Order::forward, DType::f64, {large}, {{1}, {2}}}, 3);
  walk({Order::forward, DType::f32, {3, large}, {{1, 3}, {large, 1}}}, 7);
  walk({Order::forward, DType::f32, {large, 2}, {{1, large}, {0, 1}}}, 6);
  walk({Order::forward, DType::f32, {1 << 16, 1 << 16}, {{1, 1 << 16}, {1, 1 << 17}}}, 4);
  // Steps whose multiple leaves 64 bits before the jumps bring it back.
  walk({Order::forward, DType::f64, {1 << 10, 1 << 20}, {{1, 1 << 10}, {int64_t{1} << 40, 1}}}, 1);
}

TEST(Launch, GridFillsTheMachine) {
  EXPECT_EQ(blocks_for(0, 1, 8), 1u);
  EXPECT_EQ(blocks_for(1, 1, 8), 1u);
  EXPECT_EQ(blocks_for(256, 1, 8), 1u);
  EXPECT_EQ(blocks_for(257, 1, 8), 2u);
  EXPECT_EQ(blocks_for(4097, 4, 8), 5u);
  EXPECT_EQ(blocks_for(1u << 30, 4, 1056), 1056u);
  // The last stride past the end does not wrap around.
  EXPECT_LT(uint64_t{piece_elements} + uint64_t{tile_items(4)} * 64 * 1024, uint64_t{1} << 32);
}

}  // namespace
}  // namespace smoothact::cuda
