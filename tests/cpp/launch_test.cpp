// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "launch_simulation.h"

namespace smoothact::cuda {
namespace {

// Calls visit(misaligned) for every combination of 0 .. lanes - 1.
template <class Visitor>
void for_each_misalignment(int operands, int lanes, Visitor visit) {
  std::vector<int> misaligned(operands, 0);
  while (true) {
    visit(misaligned);
    int k = 0;
    while (k < operands && ++misaligned[k] == lanes) misaligned[k++] = 0;
    if (k == operands) return;
  }
}

TEST(Launch, EveryMisalignmentAndTail) {
  for_each_kernel([](auto operation, auto dtype) {
    Simulation<operation(), dtype()> simulation;
    constexpr int operands = simulation.operands;
    for (int bytes : {16, 32}) {
      const int lanes = bytes / simulation.element;
      simulation.pack_bytes = bytes;
      const bool all_sizes = operands == 2 || lanes <= 4;
      if (operands >= 4 && lanes >= (operands == 4 ? 16 : 8)) continue;
      for_each_misalignment(operands, lanes, [&](const std::vector<int>& misaligned) {
        for (int n = 0; n <= 3 * lanes + 1; n += all_sizes ? 1 : lanes / 2 + 1)
          ASSERT_NO_FATAL_FAILURE(simulation.run(dense(n, operands), misaligned)) << n;
      });
    }
  });
}

TEST(Launch, ManyBlocks) {
  for_each_kernel([](auto operation, auto dtype) {
    Simulation<operation(), dtype()> simulation;
    constexpr int operands = simulation.operands;
    const int lanes = 16 / simulation.element, tile = threads_per_block * lanes;
    const std::vector<int> aligned(operands, 1), mixed{1, 0, 0, 0, 0};
    for (int tiles : {1, 2, 3, 7})
      for (int off : {-lanes - 1, -1, 0, 1, lanes}) {
        const Shape shape = dense(tiles * tile + off, operands);
        ASSERT_NO_FATAL_FAILURE(simulation.run(shape, aligned));
        ASSERT_NO_FATAL_FAILURE(simulation.run(shape, mixed));
      }
  });
}

TEST(Launch, PacksWhereTheyFit) {
  Simulation<Operation::backward, DType::bf16> simulation;
  const auto stores = [&](const Shape& shape, std::vector<int> misaligned) {
    const Recorder r = simulation.run(shape, misaligned);
    return std::pair(r.vector_stores, r.vector_loads);
  };
  using Counts = std::pair<int, int>;
  EXPECT_EQ(stores(dense(80, 3), {0, 0, 0}), Counts(10, 20));
  EXPECT_EQ(stores(dense(80, 3), {3, 3, 3}), Counts(9, 18));  // 5 + 9 * 8 + 3
  EXPECT_EQ(stores(dense(80, 3), {0, 0, 3}), Counts(0, 0));
  EXPECT_EQ(stores({{80}, {{1}, {0}, {1}}}, {3, 1, 3}), Counts(9, 9));                          // grad expanded
  EXPECT_EQ(stores({{80}, {{1}, {1}, {0}}}, {0, 0, 0}), Counts(0, 0));                          // x expanded
  EXPECT_EQ(stores({{24, 5}, {{1, 24}, {1, 24}, {1, 48}}}, {0, 0, 0}), Counts(15, 30));         // sliced rows
  EXPECT_EQ(stores({{24, 5}, {{1, 24}, {1, 0}, {1, 48}}}, {0, 0, 0}), Counts(15, 30));          // one row for all
  EXPECT_EQ(stores({{24, 5}, {{1, 24}, {0, 1}, {1, 48}}}, {0, 3, 0}), Counts(15, 15));          // one value a row
  EXPECT_EQ(stores({{24, 5}, {{1, 24}, {1, 24}, {1, 44}}}, {0, 0, 0}), Counts(0, 0));           // rows misaligned
  EXPECT_EQ(stores({{20, 5}, {{1, 24}, {1, 24}, {1, 24}}}, {0, 0, 0}), Counts(0, 0));           // rows of odd length
  EXPECT_EQ(stores({{1, 16, 1}, {{7, 1, 9}, {5, 1, 0}, {0, 1, 3}}}, {0, 0, 0}), Counts(2, 4));  // sizes of 1
}

TEST(Launch, HalvesOfRowsArePacks) {
  Simulation<Operation::gate_backward, DType::bf16> simulation;
  const auto accesses = [&](std::vector<int64_t> half, std::vector<int64_t> grad) {
    const Recorder r = simulation.run({{24, 5}, {half, half, grad, half, half}}, {0, 0, 0, 0, 0});
    return std::pair(r.vector_stores, r.vector_loads);
  };
  using Counts = std::pair<int, int>;
  EXPECT_EQ(accesses({1, 48}, {1, 24}), Counts(30, 45));
  EXPECT_EQ(accesses({1, 48}, {0, 0}), Counts(30, 30));  // grad expanded
  EXPECT_EQ(accesses({2, 48}, {1, 24}), Counts(0, 0));   // interleaved
}

TEST(Launch, LimitsOfAGate) {
  using V = math::Simd<float, 1>;
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const auto backward = [](Limits limits, float gate, float up) {
    const V in[] = {2.0f, gate, up};
    V out[2];
    evaluate_operation<Operation::gate_backward>(probe, limits, in, out);
    return std::pair(out[0].v, out[1].v);
  };
  EXPECT_EQ(backward({1.5f, 1.0f}, 2.0f, 3.0f), std::pair(0.0f, 0.0f));
  EXPECT_NE(backward({1.5f, 1.0f}, 1.5f, -1.5f).first, 0.0f);  // at a limit there is a gradient
  EXPECT_NE(backward({1.5f, 1.0f}, 1.5f, -1.5f).second, 0.0f);
  EXPECT_EQ(backward({1.5f, 1.0f}, -9.0f, -2.0f).second, 0.0f);
  EXPECT_TRUE(std::isnan(backward({1.5f, 1.0f}, nan, 1.0f).first));
  EXPECT_EQ(backward({}, 1.0f, infinity).first, infinity);
  const V zeros[] = {1.0f, -0.0f};
  V product;
  evaluate_operation<Operation::gate>(probe, {}, zeros, &product);
  EXPECT_TRUE(std::signbit(product.v));  // no offset, not even +0
}

TEST(Launch, Strides) {
  std::mt19937 random;
  for_each_kernel([&](auto operation, auto dtype) {
    Simulation<operation(), dtype()> simulation;
    constexpr int operands = simulation.operands;
    for (int round = 0; round < 150; ++round) {
      const int ndim = round % 10;
      Shape shape;
      for (int d = 0; d < ndim; ++d) shape.sizes.push_back(1 + random() % (ndim > 5 ? 3 : 12));
      for (int k = 0; k < operands; ++k) {
        // A permuted, padded tensor; inputs are sometimes broadcast along some dimensions.
        std::vector<int> order_of(ndim);
        for (int d = 0; d < ndim; ++d) order_of[d] = d;
        if (round % 3 != 0) std::shuffle(order_of.begin(), order_of.end(), random);
        std::vector<int64_t> strides(ndim);
        int64_t stride = round % 4 == 1 ? 2 : 1;
        for (int d : order_of) {
          strides[d] = stride;
          stride *= shape.sizes[d] + (random() % 3 == 0 ? 2 : 0);
          if (k >= simulation.outputs && random() % 5 == 0) strides[d] = 0;
        }
        shape.strides.push_back(strides);
      }
      std::vector<int> misaligned;
      for (int k = 0; k < operands; ++k) misaligned.push_back(round % 2 * (random() % 16));
      if (round % 4 == 0) simulation.limits = {1.5f, 0.25f};
      simulation.limit = round % 5 == 0 ? 64 : piece_elements;
      ASSERT_NO_FATAL_FAILURE(simulation.run(shape, misaligned));
    }
  });
}

TEST(Launch, ManyDimensions) {
  Simulation<Operation::double_backward, DType::f32> simulation;
  Shape shape;
  shape.sizes.assign(max_dims, 1);
  for (int d = 0; d < max_dims; d += 2) shape.sizes[d] = 2;
  auto forwards = contiguous(shape.sizes), backwards = forwards;
  std::reverse(backwards.begin(), backwards.end());
  shape.strides = {forwards, backwards, forwards, backwards};
  ASSERT_NO_FATAL_FAILURE(simulation.run(shape, {0, 0, 0, 0}));
}

TEST(Launch, ZeroDimensions) {
  for_each_kernel([](auto operation, auto dtype) {
    Simulation<operation(), dtype()> simulation;
    Shape shape;
    shape.strides.resize(simulation.operands);
    ASSERT_NO_FATAL_FAILURE(simulation.run(shape, {0, 1, 2, 3, 4}));
  });
}

TEST(Launch, InPlace) {
  for_each_kernel([](auto operation, auto dtype) {
    if (is_gate(operation())) return;
    Simulation<operation(), dtype()> simulation;
    constexpr int operands = simulation.operands;
    simulation.in_place = true;
    for (int misaligned : {0, 1})
      for (int n : {1, 37, 5000, 20011})
        ASSERT_NO_FATAL_FAILURE(simulation.run(dense(n, operands), std::vector(operands, misaligned)));
    Shape transposed{{70, 90}, std::vector(operands, std::vector<int64_t>{90, 1})};
    ASSERT_NO_FATAL_FAILURE(simulation.run(transposed, std::vector(operands, 0)));
  });
}

// Pieces as they are cut above 2^30 elements, in the small.
TEST(Launch, Pieces) {
  for_each_kernel([](auto operation, auto dtype) {
    Simulation<operation(), dtype()> simulation;
    constexpr int operands = simulation.operands;
    for (int64_t limit : {32, 64, 96}) {
      simulation.limit = limit;
      for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{{31},
                                                                                 {32},
                                                                                 {33},
                                                                                 {64},
                                                                                 {65},
                                                                                 {1000},
                                                                                 {5, 40},
                                                                                 {40, 5},
                                                                                 {100, 3},
                                                                                 {3, 4, 5, 6},
                                                                                 {64, 2},
                                                                                 {65, 2, 3},
                                                                                 {2, 65}}) {
        Shape shape{sizes, std::vector(operands, contiguous(sizes))};
        ASSERT_NO_FATAL_FAILURE(simulation.run(shape, std::vector(operands, 1)));
        auto padded = sizes;
        for (auto& size : padded) size += 8;
        shape.strides.back() = contiguous(padded);
        ASSERT_NO_FATAL_FAILURE(simulation.run(shape, std::vector(operands, 0)));
      }
    }
  });
}

}  // namespace
}  // namespace smoothact::cuda
