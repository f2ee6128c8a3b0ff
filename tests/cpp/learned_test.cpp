// SPDX-License-Identifier: Apache-2.0
// Runs the blocks of CUDA's kernels for parameters and biases in memory on the host, thread by thread between barriers,
// and compares with plain loops.
#define SMOOTHACT_LEARNED "sloped_constant.h"
#define SMOOTHACT_ISA learned_test
// clang-format off
#include "math/sloped.h"
#include "activations/hardtanh.h"
#include "activations/relu.h"
#include "activations/swish.h"
// clang-format on
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "cuda/learned_backward.h"
#include "cuda/learned_forward.h"

namespace smoothact::cuda {
namespace {

struct Case {
  int64_t outer, channels, inner, blocks = LearnedGrid::few_blocks;
};

template <class Block, bool Backward>
void run_blocks(const LearnedPlan& plan) {
  constexpr int threads = LearnedGrid::threads;
  for (uint32_t block = 0; block < plan.grid.blocks(); ++block) {
    const auto shared = std::make_unique<typename Block::Shared>();
    for (int t = 0; t < threads; ++t) Block::construct(plan, block, t, *shared);
    for (int t = 0; t < threads; ++t) Block::pass(plan, block, t, *shared);
    if constexpr (Backward) {
      if (!plan.sums) continue;
      for (int n = threads / 2; n >= plan.grid.lanes; n /= 2)
        for (int t = 0; t < threads; ++t) shared->sums.fold(n, t);
      for (int t = 0; t < threads; ++t) shared->sums.finish(plan, block, t);
    }
  }
}

class Learned : public testing::TestWithParam<Case> {
 protected:
  int64_t outer = GetParam().outer, channels = GetParam().channels, inner = GetParam().inner;
  int64_t count = outer * channels * inner;
  LearnedGrid grid{outer, channels, inner, GetParam().blocks};
  std::vector<float> x = random(count), grad = random(count), beta = random(channels), bias = random(channels);

  static std::vector<float> random(int64_t n) {
    static std::minstd_rand generator;
    std::vector<float> v(n);
    for (float& f : v) f = static_cast<float>(std::normal_distribution<double>()(generator));
    return v;
  }
  int64_t channel(int64_t i) const { return i / inner % channels; }
  double at(int64_t i) const { return x[i] + bias[channel(i)]; }  // as in single precision
  double step(int64_t i) const { return 1 / (1 + std::exp(-double{beta[channel(i)]} * at(i))); }

  LearnedRequest request(bool backward, float* out, double* sums) const {
    LearnedRequest r{};
    r.dtype = DType::f32;
    r.outer = outer;
    r.channels = channels;
    r.inner = inner;
    r.parameters[0] = {beta.data(), 0, DType::f32, true};
    r.bias = {bias.data(), 0, DType::f32, true};
    r.by_bias = sums;
    r.self = x.data();
    r.grad = backward ? grad.data() : nullptr;
    r.out = out;
    r.sums = sums;
    return r;
  }
  template <bool Backward>
  void run(const LearnedRequest& request) const {
    using Block = std::conditional_t<Backward, LearnedBackward<Swish>, LearnedForward<Swish>>;
    run_blocks<Block, Backward>(LearnedPlan(request, grid));
  }
};

TEST_P(Learned, EveryElement) {
  std::vector<float> out(count, -1e30f);
  run<false>(request(false, out.data(), nullptr));
  for (int64_t i = 0; i < count; ++i) ASSERT_FLOAT_EQ(out[i], static_cast<float>(at(i) * step(i))) << i;
}

TEST_P(Learned, SumsOfEachColumn) {
  std::vector<float> out(count, -1e30f);
  std::vector<double> sums(2 * grid.parts * grid.columns, 1e30);
  struct Sum {
    double got = 0, expected = 0, size = 0;
    void add(double v) { expected += v, size += std::abs(v); }
  };
  std::vector<Sum> by_bias(channels), by_beta(channels);
  run<true>(request(true, out.data(), sums.data()));
  for (int64_t i = 0; i < count; ++i) {
    const double h = step(i), bend = at(i) * h * (1 - h), by_x = grad[i] * (h + beta[channel(i)] * bend);
    ASSERT_NEAR(out[i], by_x, 2e-6) << i;
    by_bias[channel(i)].add(by_x);
    by_beta[channel(i)].add(double{grad[i]} * at(i) * bend);
  }
  for (int64_t i = 0; i < grid.parts * grid.columns; ++i) {
    by_bias[i % grid.columns / grid.repeat].got += sums[2 * i];
    by_beta[i % grid.columns / grid.repeat].got += sums[2 * i + 1];
  }
  for (const auto* sum : {&by_bias, &by_beta})
    for (const Sum& s : *sum) EXPECT_NEAR(s.got, s.expected, 1e-6 * s.size);
}

TEST_P(Learned, OneNeedsNotTheOther) {
  std::vector<float> both(count), out(count);
  std::vector<double> sums(2 * grid.parts * grid.columns), alone(sums.size());
  run<true>(request(true, both.data(), sums.data()));
  run<true>(request(true, nullptr, alone.data()));
  run<true>(request(true, out.data(), nullptr));
  EXPECT_EQ(both, out);
  EXPECT_EQ(sums, alone);
}

// Several parameters: of each channel, of all, and by value; a bfloat16, and channels outside the domain.
TEST(LearnedParameters, OfEveryKind) {
  constexpr int channels = 3, count = 40;
  const float low[channels] = {-1, -2, 5}, high = 2;  // the third is not below `high`
  std::vector<uint16_t> x(channels * count), grad(x.size()), out(x.size(), 0x7f7f);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = Element<DType::bf16>::narrow((static_cast<int>(i % 17) - 8) * 0.5f + 0.25f);
    grad[i] = Element<DType::bf16>::narrow(1.0f + static_cast<float>(i % 3));
  }
  LearnedRequest r{};
  r.dtype = DType::bf16;
  r.outer = 1;
  r.channels = channels;
  r.inner = count;
  r.parameters[0] = {low, 0, DType::f32, true};
  r.parameters[1] = {&high, 0, DType::f32, false};
  r.self = x.data();
  r.grad = grad.data();
  r.out = out.data();
  const LearnedGrid grid(1, channels, count);
  std::vector<double> sums(grid.parts * channels * 3), expected(channels * 2);
  r.sums = sums.data();
  run_blocks<LearnedBackward<Hardtanh>, true>(LearnedPlan(r, grid));
  ASSERT_EQ(grid.parts, 1u);
  for (int c = 0; c < channels; ++c)
    for (int i = 0; i < count; ++i) {
      const float at = Element<DType::bf16>::widen(x[c * count + i]),
                  g = Element<DType::bf16>::widen(grad[c * count + i]);
      const float got = Element<DType::bf16>::widen(out[c * count + i]);
      if (low[c] < high)
        ASSERT_EQ(got, low[c] < at && at < high ? g : 0) << c << ' ' << at;
      else
        ASSERT_TRUE(std::isnan(got));
      expected[2 * c] += at <= low[c] ? g : 0;
      expected[2 * c + 1] += at >= high ? g : 0;
    }
  for (int c = 0; c < 2; ++c)
    for (int k = 0; k < 2; ++k) EXPECT_EQ(sums[3 * c + 1 + k], expected[2 * c + k]) << c << ' ' << k;
  EXPECT_TRUE(std::isnan(sums[7]) && std::isnan(sums[8]));

  r.parameters[1] = {nullptr, 2, DType::f64, false};  // by value
  std::vector<double> again(sums.size());
  r.sums = again.data();
  run_blocks<LearnedBackward<Hardtanh>, true>(LearnedPlan(r, grid));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(again[i], sums[i]);
}

// An activation without parameters, and one bias for all.
TEST(LearnedBias, Alone) {
  constexpr int count = 70001;
  std::vector<float> x(count), grad(count), y(count), by_x(count);
  for (int i = 0; i < count; ++i) x[i] = static_cast<float>(i % 101 - 50) * 0.125f, grad[i] = static_cast<float>(i % 7);
  const uint16_t bias = Element<DType::bf16>::narrow(0.5f);
  LearnedRequest r{};
  r.dtype = DType::f32;
  r.outer = r.channels = 1;
  r.inner = count;
  r.bias = {&bias, 0, DType::bf16, false};
  r.self = x.data();
  r.out = y.data();
  const LearnedGrid grid(1, 1, count);
  run_blocks<LearnedForward<Relu>, false>(LearnedPlan(r, grid));
  r.grad = grad.data();
  r.out = by_x.data();
  r.by_bias = true;
  std::vector<double> sums(grid.parts);
  r.sums = sums.data();
  run_blocks<LearnedBackward<Relu>, true>(LearnedPlan(r, grid));
  double expected = 0, got = 0;
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(y[i], std::max(x[i] + 0.5f, 0.0f));
    ASSERT_EQ(by_x[i], x[i] + 0.5f > 0 ? grad[i] : 0);
    expected += by_x[i];
  }
  for (double s : sums) got += s;
  EXPECT_EQ(got, expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Learned,
                         testing::Values(Case{1, 1, 1}, Case{1, 1, 70001}, Case{3, 5, 7}, Case{2, 33, 1},
                                         Case{700, 40, 1}, Case{9, 3, 31}, Case{9, 3, 32}, Case{5, 2, 300},
                                         Case{9, 3, 33, 1}, Case{99, 2, 700, 2}, Case{400, 2, 5, 1}, Case{500, 2, 1, 1},
                                         Case{300, 3, 1, 2}, Case{40, 3, 49}, Case{1, 4, 2500000 / 4}));

}  // namespace
}  // namespace smoothact::cuda
