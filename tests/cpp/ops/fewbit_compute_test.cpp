// SPDX-License-Identifier: Apache-2.0
// The loops of codes of a few bits beside the formulas that serve other devices.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/fewbit.h"

namespace smoothact {
namespace {

at::Tensor sample(int64_t count, at::ScalarType type) {
  at::Tensor x = at::randn({count}, at::kDouble);
  if (count > 6) {
    x[3] = std::nan("");
    x[4] = HUGE_VAL;
    x[5] = -HUGE_VAL;
    x[6] = 0.25;  // a boundary
  }
  return x.to(type);
}

bool same(const at::Tensor& a, const at::Tensor& b) { return at::allclose(a, b, 0, 0, /*equal_nan=*/true); }

TEST(FewBit, LoopsAndFormulasAgree) {
  at::manual_seed(20261127);
  for (auto type : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    for (int bits = 2; bits <= 4; ++bits) {
      std::vector<double> boundaries, levels;
      for (int i = 1; i < 1 << bits; ++i) boundaries.push_back(i == (1 << bits) - 1 ? HUGE_VAL : (i - 2) * 0.25);
      for (int i = 0; i < 1 << bits; ++i) levels.push_back(1.0 / 3 - 0.2 * i);
      for (int64_t count : {0, 1, 13, 33001}) {
        const at::Tensor x = sample(count, type), grad = sample(count, type);
        const at::Tensor codes = fewbit_pack_on_cpu(x, boundaries);
        EXPECT_EQ(codes.numel(), (count + 7) / 8 * bits);
        EXPECT_TRUE(codes.equal(fewbit_pack_formulas(x, boundaries))) << type << bits << ' ' << count;
        const at::Tensor out = fewbit_backward_on_cpu(grad, codes, levels);
        EXPECT_EQ(out.scalar_type(), type);
        EXPECT_TRUE(same(out, fewbit_backward_formulas(grad, codes, levels))) << type << bits << ' ' << count;
      }
    }
  }
}

}  // namespace
}  // namespace smoothact
