// SPDX-License-Identifier: Apache-2.0
// Runs the threads of CUDA's kernels for codes of a few bits on the host, and compares with plain loops.
#define SMOOTHACT_ISA fewbit_test
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "cuda/fewbit_walk.h"

namespace smoothact::cuda {
namespace {

struct Case {
  int64_t count;
  int shift;  // elements by which the data misses the alignment of packs
};

class FewBit : public testing::TestWithParam<Case> {
 protected:
  template <DType D, int Bits>
  void check() {
    using Group = FewBitGroup<D, Bits>;
    using One = Pack<D, 1>;
    using T = typename Group::T;
    constexpr int levels = 1 << Bits;
    const auto [count, shift] = GetParam();
    std::minstd_rand generator(42);
    std::normal_distribution<double> normal;

    FewBitRequest r{};
    r.dtype = D;
    r.bits = Bits;
    r.count = count;
    for (int i = 0; i + 1 < levels; ++i) r.numbers[i] = i + 2 < levels ? (i - levels / 2 + 0.1) / Bits : HUGE_VAL;
    constexpr uint8_t untouched = 0xa5;
    std::vector<Pack<D, 16 / Group::bytes>> in_store(count / 2 + 16), out_store(count / 2 + 16);
    One* const in = reinterpret_cast<One*>(in_store.data()) + shift;
    One* const out = reinterpret_cast<One*>(out_store.data()) + shift;
    std::vector<T> x(count);
    for (int64_t i = 0; i < count; ++i) {
      in[i] = One::narrow({static_cast<T>(i % 97 == 5  ? NAN
                                          : i % 7 == 0 ? (i % 14 ? 0.1 : HUGE_VAL)
                                                       : normal(generator))});
      x[i] = in[i][0];
    }
    std::vector<uint32_t> storage(code_bytes(count, Bits) / 4 + 2);
    auto* codes = reinterpret_cast<unsigned char*>(storage.data());
    codes[code_bytes(count, Bits)] = untouched;
    r.in = in;
    r.codes = codes;
    const auto groups = fewbit_blocks(count) * fewbit_threads;
    const typename Group::Plan packing(r, Group::pack_bytes);
    EXPECT_EQ(packing.aligned, shift == 0);
    for (int64_t g = 0; g < groups; ++g) Group::pack(packing, packing.numbers, g);
    EXPECT_EQ(codes[code_bytes(count, Bits)], untouched);

    std::vector<int> code(count, 0);
    for (int64_t i = 0; i < count; ++i) {
      for (int b = 0; b + 1 < levels; ++b) code[i] += static_cast<double>(x[i]) > r.numbers[b];
      uint32_t word = 0;
      for (int j = 0; j < Bits; ++j) word |= uint32_t{codes[i / 8 * Bits + j]} << 8 * j;
      ASSERT_EQ(word >> Bits * (i % 8) & (levels - 1), static_cast<uint32_t>(code[i])) << i << ' ' << x[i];
    }

    // x is the gradient, too.
    for (int i = 0; i < levels; ++i) r.numbers[i] = 0.37 * i - 1;
    r.out = out;
    const typename Group::Plan applying(r, Group::pack_bytes);
    for (int64_t g = 0; g < groups; ++g) Group::apply(applying, applying.numbers, g);
    for (int64_t i = 0; i < count; ++i) {
      const T expected = One::narrow({x[i] * static_cast<T>(0.37 * code[i] - 1)})[0];
      ASSERT_TRUE(out[i][0] == expected || (std::isnan(out[i][0]) && std::isnan(expected))) << i << ' ' << x[i];
    }
    const One beyond = out[count];
    for (auto w : beyond.words) EXPECT_EQ(w, decltype(w){}) << "written past the end";
  }
  template <DType D>
  void check_bits() {
    check<D, 2>();
    check<D, 3>();
    check<D, 4>();
  }
};

TEST_P(FewBit, Double) { check_bits<DType::f64>(); }
TEST_P(FewBit, Float) { check_bits<DType::f32>(); }
TEST_P(FewBit, BFloat16) { check_bits<DType::bf16>(); }
TEST_P(FewBit, Half) { check_bits<DType::f16>(); }

INSTANTIATE_TEST_SUITE_P(
    Counts, FewBit, testing::Values(Case{1, 0}, Case{7, 1}, Case{8, 0}, Case{2048, 0}, Case{2049, 0}, Case{5003, 1}),
    [](const auto& info) { return std::to_string(info.param.count) + "_" + std::to_string(info.param.shift); });

// In single precision a number exceeds a boundary exactly if it exceeds the rounded one.
TEST(RoundedDown, ComparesAsTheBoundary) {
  for (double b : {0.1, -0.1, 1.0 - 1e-17, 1.0, std::nextafter(1.0, 0.0), 1e300, -1e300, -1e-300, 1e-300, HUGE_VAL}) {
    const float at = rounded_down(b), f = static_cast<float>(b);
    for (float x : {f, std::nextafter(f, -HUGE_VALF), std::nextafter(f, HUGE_VALF), 0.0f, HUGE_VALF, -HUGE_VALF})
      EXPECT_EQ(x > at, static_cast<double>(x) > b) << x << ' ' << b;
  }
}

}  // namespace
}  // namespace smoothact::cuda
