// SPDX-License-Identifier: Apache-2.0
#include "cuda/indexing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
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
  Far(Operation operation, DType dtype, std::vector<int64_t> sizes, std::vector<std::vector<int64_t>> strides) {
    request.operation = operation;
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

std::vector<uint32_t> thresholds(uint32_t count) {
  std::vector<uint32_t> items{0, 1, count / 2, count - 1};
  for (int shift = 26; shift < 31; ++shift)
    for (int off = -1; off <= 1; ++off) items.push_back((1u << shift) + off);
  std::mt19937 random;
  for (int i = 0; i < 100; ++i) items.push_back(random());
  std::erase_if(items, [count](uint32_t item) { return item >= count; });
  return items;
}

// Every pack and element of `plan` that lies at a threshold is where the tensor's element of that number is.
void expect_addresses(const Far& far, const Plan& plan, uint64_t first) {
  const uint64_t lanes = 16 / element_bytes(far.request.dtype);
  char* address[2];
  const auto expect = [&](uint64_t element) {
    for (int k = 0; k < 2; ++k) ASSERT_EQ(reinterpret_cast<uintptr_t>(address[k]), far.address(k, first + element));
  };
  for (uint32_t pack : thresholds(plan.packs)) {
    plan.pack_addresses<16>(pack, address);
    ASSERT_NO_FATAL_FAILURE(expect(plan.head + pack * lanes));
  }
  for (uint32_t element : thresholds(plan.elements)) {
    plan.element_addresses(element, address);
    ASSERT_NO_FATAL_FAILURE(expect(uint64_t{element} + (element < plan.head ? 0 : plan.skip)));
  }
}

TEST(Launch, BeyondTwoToThe31) {
  constexpr int64_t large = (int64_t{1} << 31) + 12345;
  const auto walk = [](const Far& far, size_t launches) {
    uint64_t first = 0;
    size_t count = 0;
    for_each_launch(far.request, 16, piece_elements, [&](const Plan& plan, uint32_t) {
      ASSERT_LE(plan.skip + plan.elements, piece_elements);
      expect_addresses(far, plan, first);
      first += plan.skip + plan.elements;
      ++count;
    });
    uint64_t numel = 1;
    for (int d = 0; d < far.request.ndim; ++d) numel *= far.request.sizes[d];
    EXPECT_EQ(first, numel);
    EXPECT_EQ(count, launches);
  };
  walk({Operation::forward, DType::bf16, {large}, {{1}, {1}}}, 3);
  walk({Operation::forward, DType::f64, {large}, {{1}, {2}}}, 3);
  walk({Operation::forward, DType::f32, {3, large}, {{1, 3}, {large, 1}}}, 7);
  walk({Operation::forward, DType::f32, {large, 2}, {{1, large}, {0, 1}}}, 6);
  walk({Operation::forward, DType::f32, {1 << 16, 1 << 16}, {{1, 1 << 16}, {1, 1 << 17}}}, 4);
  // Steps whose multiple leaves 64 bits before the jumps bring it back.
  walk({Operation::forward, DType::f64, {1 << 10, 1 << 20}, {{1, 1 << 10}, {int64_t{1} << 40, 1}}}, 1);
}

TEST(Launch, EnoughBlocks) {
  EXPECT_EQ(blocks_for(0, 1), 0u);
  EXPECT_EQ(blocks_for(1, 1), 1u);
  EXPECT_EQ(blocks_for(256, 1), 1u);
  EXPECT_EQ(blocks_for(257, 1), 2u);
  EXPECT_EQ(blocks_for(4097, 4), 5u);
  EXPECT_EQ(blocks_for(1u << 30, 4), 1u << 20);
  // The last thread's number does not wrap around.
  EXPECT_LT(uint64_t{piece_elements} + uint64_t{16} * threads_per_block, uint64_t{1} << 32);
}

}  // namespace
}  // namespace smoothact::cuda
