// SPDX-License-Identifier: Apache-2.0
// Runs the blocks of CUDA's kernel for gates with biases, and along directions, on the host, thread by thread between
// barriers, and compares with plain loops.
#define SMOOTHACT_ISA gated_test
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "activations/swish.h"
#include "cuda/gated_block.h"

namespace smoothact::cuda {
namespace {

struct Case {
  int64_t outer, channels, inner;
  bool interleaved = false;
};

void run_blocks(const GatedRequest& request, const LearnedGrid& grid) {
  using Block = GatedBlock<Swish>;
  constexpr int threads = LearnedGrid::threads;
  const GatedPlan plan(request, grid);
  for (uint32_t block = 0; block < grid.blocks(); ++block) {
    const auto shared = std::make_unique<Block::Shared>();
    for (int t = 0; t < threads; ++t) Block::construct(plan, block, t, *shared);
    for (int t = 0; t < threads; ++t) Block::pass(plan, block, t, *shared);
    if (!request.of_gate.sums) continue;
    for (int n = threads / 2; n >= grid.lanes; n /= 2)
      for (int t = 0; t < threads; ++t) shared->sums.fold(n, t);
    for (int t = 0; t < threads; ++t) shared->sums.finish(plan.of_gate, block, t);
  }
}

class Gated : public testing::TestWithParam<Case> {
 protected:
  static constexpr double beta = 1.5, limit = 2, offset = 0.5;
  int64_t outer = GetParam().outer, channels = GetParam().channels, inner = GetParam().inner;
  int64_t count = outer * channels * inner;
  LearnedGrid grid{outer, channels, inner};
  // gate and up, and their directions and gradients, are halves of a packed tensor.
  std::vector<float> packed = random(2 * count), v = random(2 * count), grad = random(count);
  std::vector<float> biases[2] = {random(channels), random(1)};

  static std::vector<float> random(int64_t n) {
    static std::minstd_rand generator;
    std::vector<float> r(n);
    for (float& f : r) f = static_cast<float>(std::normal_distribution<double>()(generator));
    return r;
  }
  GateOperand half(std::vector<float>& t, int which) const {
    const bool mixed = GetParam().interleaved;  // along the innermost dim
    const int64_t step = mixed ? 2 : 1;
    return {t.data() + (mixed ? which : which * channels * inner), 2 * channels * inner, step * inner, step};
  }
  GateOperand whole(std::vector<float>& t) const { return {t.data(), channels * inner, inner, 1}; }
  float& element(const GateOperand& o, int64_t i) const {
    const int64_t at = i / (channels * inner) * o.outer + i / inner % channels * o.channel + i % inner * o.inner;
    return static_cast<float*>(o.data)[at];
  }
  GatedRequest request(GatePart part) {
    GatedRequest r{};
    r.part = part;
    r.of_gate.dtype = DType::f32;
    r.of_gate.outer = outer;
    r.of_gate.channels = channels;
    r.of_gate.inner = inner;
    r.of_gate.parameters[0].value = beta;
    r.of_gate.bias = {biases[0].data(), 0, DType::f32, true};
    r.up_bias = {biases[1].data(), 0, DType::f32, false};
    r.limits = {static_cast<float>(limit), static_cast<float>(offset)};
    r.operands.gate = half(packed, 0);
    r.operands.up = half(packed, 1);
    if (has_directions(part)) {
      r.operands.v_gate = half(v, 0);
      r.operands.v_up = half(v, 1);
    }
    if (has_grad(part)) r.operands.grad = whole(grad);
    return r;
  }

  struct Exact {
    double y, by_gate, by_up, jvp, grad_gate, grad_up;
  };
  Exact exact(const GatedRequest& r, int64_t i) {
    const float g = element(r.operands.gate, i) + biases[0][i / inner % channels],
                u = element(r.operands.up, i) + biases[1][0];
    const double x = std::min<double>(g, limit), up = std::clamp<double>(u, -limit, limit) + offset;
    const double inside = g <= limit, up_inside = std::abs(u) <= limit;
    const double h = 1 / (1 + std::exp(-beta * x)), t = beta * h * (1 - h);
    const double f = x * h, df = h + x * t, d2f = 2 * t + x * beta * t * (1 - 2 * h);
    const auto maybe = [&](const GateOperand& o) { return o.data ? double{element(o, i)} : 0; };
    const double vg = maybe(r.operands.v_gate) * inside, vu = maybe(r.operands.v_up) * up_inside,
                 gr = maybe(r.operands.grad);
    return {f * up,
            gr * up * df * inside,
            gr * f * up_inside,
            vg * up * df + vu * f,
            gr * (vg * up * d2f + vu * df) * inside,
            gr * vg * df * up_inside};
  }
};

TEST_P(Gated, EveryElementOfEveryPart) {
  for (const GatePart part : {GatePart::forward, GatePart::backward, GatePart::jvp, GatePart::double_backward}) {
    for (const int directions : {3, 1, 2}) {
      GatedRequest r = request(part);
      if (!(directions & along_gate)) r.operands.v_gate = {};
      if (!(directions & along_up)) r.operands.v_up = {};
      std::vector<float> first(count, -1e30f), both(2 * count, -1e30f);
      const bool pair = outputs_of(part) > 1;
      int k = 0;
      if (part != GatePart::backward) r.operands.out[k++] = whole(first);
      if (pair) r.operands.out[k++] = half(both, 0);
      if (pair) r.operands.out[k++] = half(both, 1);
      run_blocks(r, grid);
      for (int64_t i = 0; i < count; ++i) {
        const Exact e = exact(r, i);
        const auto at = [&](int which) { return element(half(both, which), i); };
        if (part == GatePart::forward) ASSERT_NEAR(first[i], e.y, 3e-6) << i;
        if (has_directions(part)) ASSERT_NEAR(first[i], e.jvp, 2e-5) << i;
        if (part == GatePart::backward) {
          ASSERT_NEAR(at(0), e.by_gate, 2e-5) << i;
          ASSERT_NEAR(at(1), e.by_up, 1e-5) << i;
        }
        if (part == GatePart::double_backward) {
          ASSERT_NEAR(at(0), e.grad_gate, 1e-4) << i;
          ASSERT_NEAR(at(1), e.grad_up, 3e-5) << i;
        }
      }
      if (!has_directions(part)) break;
    }
  }
}

TEST_P(Gated, SumsOfEachColumn) {
  GatedRequest r = request(GatePart::backward);  // nothing but the sums
  std::vector<double> sums(2 * grid.parts * grid.columns, 1e30), got(channels), expected(channels), sizes(channels);
  r.of_gate.sums = sums.data();
  run_blocks(r, grid);
  double up = 0, up_expected = 0, up_size = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Exact e = exact(r, i);
    expected[i / inner % channels] += e.by_gate;
    sizes[i / inner % channels] += std::abs(e.by_gate) + 0.1;
    up_expected += e.by_up;
    up_size += std::abs(e.by_up);
  }
  for (int64_t i = 0; i < grid.parts * grid.columns; ++i) {
    got[i % grid.columns / grid.repeat] += sums[2 * i];
    up += sums[2 * i + 1];
  }
  for (int64_t c = 0; c < channels; ++c) EXPECT_NEAR(got[c], expected[c], 1e-6 * sizes[c]);
  EXPECT_NEAR(up, up_expected, 1e-6 * up_size);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Gated,
                         testing::Values(Case{1, 1, 1}, Case{1, 1, 70001}, Case{3, 5, 7}, Case{2, 33, 1},
                                         Case{700, 40, 1}, Case{9, 3, 31}, Case{9, 3, 32}, Case{5, 2, 300},
                                         Case{40, 3, 49}, Case{300, 40, 1, true}, Case{5, 2, 300, true}));

}  // namespace
}  // namespace smoothact::cuda
