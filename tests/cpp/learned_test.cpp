// SPDX-License-Identifier: Apache-2.0
// Runs the blocks of CUDA's kernels for parameters in memory on the host, thread by thread between barriers, and
// compares with plain loops.
#define SMOOTHACT_LEARNED "sloped_constant.h"
#define SMOOTHACT_ISA learned_test
// clang-format off
#include "math/sloped.h"
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

class Learned : public testing::TestWithParam<Case> {
 protected:
  int64_t outer = GetParam().outer, channels = GetParam().channels, inner = GetParam().inner;
  int64_t count = outer * channels * inner;
  LearnedGrid grid{outer, channels, inner, GetParam().blocks};
  std::vector<float> x = random(count), grad = random(count), beta = random(channels);

  static std::vector<float> random(int64_t n) {
    static std::minstd_rand generator;
    std::vector<float> v(n);
    for (float& f : v) f = static_cast<float>(std::normal_distribution<double>()(generator));
    return v;
  }
  int64_t channel(int64_t i) const { return i / inner % channels; }
  double step(int64_t i) const { return 1 / (1 + std::exp(-double{beta[channel(i)]} * x[i])); }

  LearnedRequest request(bool backward, float* out, double* sums) const {
    LearnedRequest r{};
    r.dtype = DType::f32;
    r.outer = outer;
    r.channels = channels;
    r.inner = inner;
    r.parameters[0] = {beta.data(), 0, DType::f32, true};
    r.self = x.data();
    r.grad = backward ? grad.data() : nullptr;
    r.out = out;
    r.sums = sums;
    return r;
  }
  template <bool Backward>
  void run(const LearnedRequest& request) const {
    const LearnedPlan plan(request, grid);
    using Block = std::conditional_t<Backward, LearnedBackward<Swish>, LearnedForward<Swish>>;
    constexpr int threads = LearnedGrid::threads;
    for (uint32_t block = 0; block < plan.grid.blocks(); ++block) {
      const auto shared = std::make_unique<typename Block::Shared>();
      for (int t = 0; t < threads; ++t) Block::construct(plan, block, t, *shared);
      for (int t = 0; t < threads; ++t) Block::pass(plan, block, t, *shared);
      if constexpr (Backward) {
        if (!plan.sums) continue;
        for (int n = threads / 2; n >= plan.grid.lanes; n /= 2)
          for (int t = 0; t < threads; ++t) Block::fold(n, t, *shared);
        for (int t = 0; t < threads; ++t) Block::finish(plan, block, t, *shared);
      }
    }
  }
};

TEST_P(Learned, EveryElementOnce) {
  std::vector<float> out(count, -1e30f);
  run<false>(request(false, out.data(), nullptr));
  for (int64_t i = 0; i < count; ++i) ASSERT_FLOAT_EQ(out[i], static_cast<float>(x[i] * step(i))) << i;
}

TEST_P(Learned, SumsOfEachColumn) {
  std::vector<float> out(count, -1e30f);
  std::vector<double> sums(grid.parts * grid.columns, 1e30), totals(channels), expected(channels), sizes(channels);
  run<true>(request(true, out.data(), sums.data()));
  for (int64_t i = 0; i < count; ++i) {
    const double h = step(i), bend = x[i] * h * (1 - h);
    ASSERT_NEAR(out[i], grad[i] * (h + beta[channel(i)] * bend), 1e-6) << i;
    expected[channel(i)] += double{grad[i]} * x[i] * bend;
    sizes[channel(i)] += std::abs(double{grad[i]} * x[i] * bend);
  }
  for (int64_t i = 0; i < std::ssize(sums); ++i) totals[i % grid.columns / grid.repeat] += sums[i];
  for (int64_t c = 0; c < channels; ++c) EXPECT_NEAR(totals[c], expected[c], 1e-6 * sizes[c]);
}

TEST_P(Learned, OneNeedsNotTheOther) {
  std::vector<float> both(count), out(count);
  std::vector<double> sums(grid.parts * grid.columns), alone(sums.size());
  run<true>(request(true, both.data(), sums.data()));
  run<true>(request(true, nullptr, alone.data()));
  run<true>(request(true, out.data(), nullptr));
  EXPECT_EQ(both, out);
  EXPECT_EQ(sums, alone);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Learned,
                         testing::Values(Case{1, 1, 1}, Case{1, 1, 70001}, Case{3, 5, 7}, Case{2, 33, 1},
                                         Case{700, 40, 1}, Case{9, 3, 31}, Case{9, 3, 32}, Case{5, 2, 300},
                                         Case{9, 3, 33, 1}, Case{99, 2, 700, 2}, Case{400, 2, 5, 1}, Case{40, 3, 49},
                                         Case{1, 4, 2500000 / 4}));

}  // namespace
}  // namespace smoothact::cuda
