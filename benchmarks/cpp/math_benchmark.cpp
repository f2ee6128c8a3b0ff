// SPDX-License-Identifier: Apache-2.0
// The time per element of every function of csrc/math that tests/cpp/math_rows.cpp has a row for, on the instruction
// sets that this processor has: name/ISA/digits, over 4096 points spread evenly over where the function is not
// constant.
#include <benchmark/benchmark.h>

#include <string>

#include "math_rows.h"

namespace smoothact::math_rows {
namespace {

template <class T>
void add(const char* isa, std::span<const Row<T>> rows) {
  for (const Row<T>& row : rows) {
    if (row.max_ulp == 0) continue;
    const std::string name = std::string(row.name) + "/" + isa + "/" + std::to_string(row.digits);
    benchmark::RegisterBenchmark(name.c_str(), [&row](benchmark::State& state) {
      alignas(64) T x[block], y[block];
      Row<T> near = row;
      near.low = std::max(row.low, T(-20)), near.high = std::min(row.high, T(20));
      for (size_t i = 0; i < block; ++i) x[i] = point(near, static_cast<double>(i) / (block - 1), false);
      for (auto _ : state) {
        row.vector(x, y, block);
        benchmark::DoNotOptimize(y);
        benchmark::ClobberMemory();
      }
      using Counter = benchmark::Counter;
      state.counters["element"] = Counter(block, Counter::kIsIterationInvariantRate | Counter::kInvert);
    });
  }
}

}  // namespace
}  // namespace smoothact::math_rows

int main(int count, char** arguments) {
  for (const auto& suite : smoothact::math_rows::suites()) {
    smoothact::math_rows::add(suite.isa, suite.single);
    smoothact::math_rows::add(suite.isa, suite.coarse);
    smoothact::math_rows::add(suite.isa, suite.wide);
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
