// SPDX-License-Identifier: Apache-2.0
// Runs the blocks of CUDA's kernels for smooth maxima on the host, thread by thread between barriers, and compares with
// the definitions in double; and rows side by side with rows whose elements are.
#define SMOOTHACT_ISA smooth_max_test
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "cuda/smooth_max_walk.h"

namespace smoothact::cuda {
namespace {

template <Order O, bool Boltzmann>
void run_blocks(const SmoothMaxRequest& request) {
  using Block = SmoothMaxBlock<O, Boltzmann>;
  constexpr int threads = SmoothMaxGrid::threads;
  const SmoothMaxPlan plan(request);
  const int lanes = plan.grid.lanes;
  for (uint32_t b = 0; b < plan.grid.blocks(); ++b) {
    const auto shared = std::make_unique<typename Block::Shared>();
    const auto each = [&](const auto& phase) {
      for (int t = 0; t < threads; ++t) phase(Block(plan, b, t));
    };
    each([&](const Block& block) { block.find_pivot(*shared); });
    for (int n = threads / 2; n >= lanes; n /= 2) each([&](const Block& block) { block.fold_pivots(n, *shared); });
    each([&](const Block& block) { block.add(*shared); });
    each([&](const Block& block) { block.join(*shared); });
    for (int n = Block::left(lanes) / 2; n >= lanes; n /= 2)
      each([&](const Block& block) { block.fold_sums(n, *shared); });
    each([&](const Block& block) { block.finish(*shared); });
  }
}
void run(const SmoothMaxRequest& r) {
  const bool boltzmann = r.kind == SmoothMaxKind::boltzmann;
  if (r.order == Order::forward)
    boltzmann ? run_blocks<Order::forward, true>(r) : run_blocks<Order::forward, false>(r);
  else if (r.order == Order::backward)
    boltzmann ? run_blocks<Order::backward, true>(r) : run_blocks<Order::backward, false>(r);
  else
    boltzmann ? run_blocks<Order::double_backward, true>(r) : run_blocks<Order::double_backward, false>(r);
}

struct Case {
  int64_t outer, length, inner;
  double sharpness = 1.5;
};

std::vector<float> random(int64_t n) {
  static std::minstd_rand generator;
  std::vector<float> v(n);
  for (float& f : v) f = static_cast<float>(std::normal_distribution<double>()(generator));
  return v;
}

// Of one row, from the definitions.
struct Expected {
  double y = 0, along = 0;
  std::vector<double> first, second;

  Expected(SmoothMaxKind kind, double k, const std::vector<double>& x, const std::vector<double>& u, double g)
      : first(x.size()), second(x.size()) {
    const size_t n = x.size();
    double total = 0, mean = 0, by_u = 0;
    for (double v : x) total += std::exp(k * v);
    std::vector<double> w(n), a(n, 1.0);
    for (size_t i = 0; i < n; ++i) {
      w[i] = std::exp(k * x[i]) / total;
      mean += w[i] * x[i];
      by_u += w[i] * u[i];
    }
    const bool boltzmann = kind == SmoothMaxKind::boltzmann;
    y = boltzmann ? mean : std::log(kind == SmoothMaxKind::mellowmax ? total / static_cast<double>(n) : total) / k;
    for (size_t i = 0; i < n && boltzmann; ++i) a[i] = 1 + k * (x[i] - mean);
    for (size_t i = 0; i < n; ++i) along += w[i] * a[i] * u[i];
    for (size_t i = 0; i < n; ++i) {
      first[i] = g * w[i] * a[i];
      second[i] = g * k * w[i] * (boltzmann ? a[i] * (u[i] - by_u) + u[i] - along : u[i] - by_u);
    }
  }
};

class SmoothMax : public testing::TestWithParam<std::tuple<Case, SmoothMaxKind>> {
 protected:
  Case c = std::get<0>(GetParam());
  SmoothMaxKind kind = std::get<1>(GetParam());
  int64_t rows = c.outer * c.inner, count = rows * c.length;
  std::vector<float> x = random(count), u = random(count), grad = random(rows);

  SmoothMaxRequest request(Order order, float* by_row, float* by_self) const {
    SmoothMaxRequest r{};
    r.order = order;
    r.kind = kind;
    r.dtype = DType::f32;
    r.sharpness = c.sharpness;
    r.outer = c.outer;
    r.length = c.length;
    r.inner = c.inner;
    r.self = x.data();
    r.grad = grad.data();
    r.grad_grad = u.data();
    r.by_row = by_row;
    r.by_self = by_self;
    return r;
  }
  int64_t place(int64_t row, int64_t i) const { return (row / c.inner * c.length + i) * c.inner + row % c.inner; }
};

TEST_P(SmoothMax, IsItsDefinition) {
  std::vector<float> y(rows, -1e30f), first(count, -1e30f), along(rows, -1e30f), second(count, -1e30f);
  run(request(Order::forward, y.data(), nullptr));
  run(request(Order::backward, nullptr, first.data()));
  run(request(Order::double_backward, along.data(), second.data()));
  const double magnitude = 2e-6 * std::max(1.0, std::abs(c.sharpness));
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<double> values(c.length), directions(c.length);
    for (int64_t i = 0; i < c.length; ++i) {
      values[i] = x[place(row, i)];
      directions[i] = u[place(row, i)];
    }
    const Expected e(kind, c.sharpness, values, directions, grad[row]);
    ASSERT_NEAR(y[row], e.y, 2e-6 * (1 + std::log(c.length) / std::abs(c.sharpness))) << row;
    ASSERT_NEAR(along[row], e.along, 20 * magnitude) << row;
    for (int64_t i = 0; i < c.length; ++i) {
      ASSERT_NEAR(first[place(row, i)], e.first[i], 5 * magnitude * std::abs(grad[row])) << row << ' ' << i;
      ASSERT_NEAR(second[place(row, i)], e.second[i], 40 * magnitude * std::abs(grad[row])) << row << ' ' << i;
    }
  }
}

// The rows as they lie, and the same rows apart: the bits agree.
TEST_P(SmoothMax, BitsFollowFromTheRow) {
  std::vector<float> y(rows), first(count), along(rows), second(count);
  run(request(Order::forward, y.data(), nullptr));
  run(request(Order::backward, nullptr, first.data()));
  run(request(Order::double_backward, along.data(), second.data()));
  std::vector<float> x1(count), u1(count), y1(rows), first1(count), along1(rows), second1(count);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < c.length; ++i) {
      x1[row * c.length + i] = x[place(row, i)];
      u1[row * c.length + i] = u[place(row, i)];
    }
  const auto apart = [&](Order order, float* by_row, float* by_self) {
    SmoothMaxRequest r = request(order, by_row, by_self);
    r.outer = rows;
    r.inner = 1;
    r.self = x1.data();
    r.grad_grad = u1.data();
    run(r);
  };
  apart(Order::forward, y1.data(), nullptr);
  apart(Order::backward, nullptr, first1.data());
  apart(Order::double_backward, along1.data(), second1.data());
  EXPECT_EQ(y, y1);
  EXPECT_EQ(along, along1);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < c.length; ++i) {
      ASSERT_EQ(first[place(row, i)], first1[row * c.length + i]);
      ASSERT_EQ(second[place(row, i)], second1[row * c.length + i]);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, SmoothMax,
    testing::Combine(testing::Values(Case{1, 1, 1}, Case{3, 5, 1}, Case{2, 5, 7}, Case{37, 16, 1}, Case{2, 255, 3},
                                     Case{1, 700, 40}, Case{3, 512, 1}, Case{3, 513, 1, -2.0}, Case{1, 20000, 1, 0.3},
                                     Case{2, 9000, 2, -1.0}, Case{5, 3, 33, 20.0}),
                     testing::Values(SmoothMaxKind::logsumexp, SmoothMaxKind::mellowmax, SmoothMaxKind::boltzmann)));

TEST(SmoothMaxLimits, InfinitiesAndNan) {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::vector<float>> rows{
      {1, inf, -inf, inf}, {-inf, -inf, -inf, -inf}, {-inf, 0, 0, -inf}, {nan, inf, -inf, 0}, {nan, -inf, -inf, -inf}};
  const std::vector<std::vector<float>> weights{
      {0, 0.5, 0, 0.5}, {0.25, 0.25, 0.25, 0.25}, {0, 0.5, 0.5, 0}, {nan, nan, nan, nan}, {nan, nan, nan, nan}};
  const float values[]{inf, -inf, 0, nan, nan};
  for (size_t i = 0; i < rows.size(); ++i) {
    const float one = 1;
    float y = 7, w[4]{};
    SmoothMaxRequest r{};
    r.kind = SmoothMaxKind::boltzmann;
    r.dtype = DType::f32;
    r.sharpness = 2;
    r.outer = r.inner = 1;
    r.length = 4;
    r.self = rows[i].data();
    r.grad = &one;
    r.by_row = &y;
    r.by_self = w;
    r.order = Order::forward;
    run(r);
    r.order = Order::backward;
    run(r);
    EXPECT_TRUE(y == values[i] || (std::isnan(y) && std::isnan(values[i]))) << i << ' ' << y;
    for (int j = 0; j < 4; ++j) EXPECT_TRUE(w[j] == weights[i][j] || (std::isnan(w[j]) && i > 2)) << i << ' ' << w[j];
  }
}

TEST(SmoothMaxStorage, SixteenBits) {
  constexpr int n = 600;
  std::vector<uint16_t> x(n);
  double total = 0;
  for (int i = 0; i < n; ++i) {
    x[i] = Element<DType::bf16>::narrow(static_cast<float>(i % 37) * 0.25f);
    total += std::exp(double{Element<DType::bf16>::widen(x[i])});
  }
  uint16_t y = 0;
  SmoothMaxRequest r{};
  r.order = Order::forward;
  r.kind = SmoothMaxKind::logsumexp;
  r.dtype = DType::bf16;
  r.sharpness = 1;
  r.outer = r.inner = 1;
  r.length = n;
  r.self = x.data();
  r.by_row = &y;
  run(r);
  EXPECT_EQ(y, Element<DType::bf16>::narrow(static_cast<float>(std::log(total))));
}

}  // namespace
}  // namespace smoothact::cuda
