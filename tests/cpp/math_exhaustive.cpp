// SPDX-License-Identifier: Apache-2.0
// math_exhaustive [--isa NAME] [--stride N] [--doubles MILLIONS] [--threads N] [NAME ...]: the rows of math_rows.cpp,
// or those whose name contains one of the NAMEs, at every (or every N-th) float of their domain, and at so many
// doubles.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "math_rows.h"

namespace smoothact::math_rows {
namespace {

constexpr int64_t chunk = int64_t{1} << 20;
constexpr size_t scalar_stride = 1021;

struct Options {
  std::string isa;
  int64_t stride = 1, doubles = 16;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::string> names;

  bool wants(std::string_view name) const {
    const auto contained = [&](const std::string& n) { return name.find(n) != name.npos; };
    return names.empty() || std::any_of(names.begin(), names.end(), contained);
  }
};

// Points number `from` to `from + chunk` of a row's domain.
struct EveryFloat {
  int64_t low, stride, count;
  EveryFloat(const Row<float>& row, int64_t stride)
      : low(position(row.low)), stride(stride), count((position(row.high) - low) / stride + 1) {}
  auto points(const Row<float>&, int64_t) const {
    return [this](int64_t i) { return number<float>(low + stride * i); };
  }
};
struct RandomDoubles {
  int64_t count;
  auto points(const Row<double>& row, int64_t from) const {
    return [&row, random = std::mt19937_64(from)](int64_t i) mutable {
      return point(row, std::uniform_real_distribution<double>()(random), i % 2);
    };
  }
};

// Rows of one function, which share the reference.
template <class T>
using Group = std::vector<const Row<T>*>;

template <class T, class Points>
std::vector<Worst<T>> sweep(const Group<T>& rows, const Points& points, int64_t from) {
  const Row<T>& first = *rows[0];
  auto at = points.points(first, from);
  std::vector<Worst<T>> worst(rows.size());
  T x[block];
  Wide<T> expected[block];
  for (int64_t end = std::min(from + chunk, points.count); from < end; from += block) {
    for (size_t i = 0; i < block; ++i) {
      x[i] = at(std::min(from + static_cast<int64_t>(i), points.count - 1));
      expected[i] = first.reference(x[i]);
    }
    for (size_t k = 0; k < rows.size(); ++k) worst[k].see(measure(*rows[k], x, expected, scalar_stride));
  }
  return worst;
}

template <class T, class Points>
bool judge(const Group<T>& rows, const Points& points, const Options& options) {
  const char* name = rows[0]->name;
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int64_t> next = 0;
  std::mutex mutex;
  std::vector<Worst<T>> worst(rows.size());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < options.threads; ++t)
    threads.emplace_back([&] {
      for (int64_t from; (from = next.fetch_add(chunk)) < points.count;) {
        const auto found = sweep(rows, points, from);
        const std::lock_guard lock(mutex);
        for (size_t k = 0; k < rows.size(); ++k) worst[k].see(found[k]);
        if (from / chunk % 64 == 0) std::fprintf(stderr, "\r%s %.0f %%  ", name, 100.0 * from / points.count);
      }
    });
  for (auto& thread : threads) thread.join();
  std::fprintf(stderr, "\r%40s\r", "");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  bool good = true;
  for (size_t k = 0; k < rows.size(); ++k) {
    const Row<T>& row = *rows[k];
    const bool holds = worst[k].error <= row.max_ulp;
    std::printf("| %-28s | %2d | %12.6g | %12.6g | %10lld | %6.3f | %16.9g | %5.2f%s |\n", row.name, row.digits,
                static_cast<double>(row.low), static_cast<double>(row.high), static_cast<long long>(points.count),
                worst[k].error, static_cast<double>(worst[k].at), row.max_ulp, holds ? "" : " EXCEEDED");
    good &= holds;
  }
  std::fprintf(stderr, "%s: %.0f s\n", name, seconds);
  std::fflush(stdout);
  return good;
}

int run(const Options& options) {
  const auto all = suites();
  auto suite = std::find_if(all.begin(), all.end(), [&](const Suite& s) { return s.isa == options.isa; });
  if (options.isa.empty()) suite = all.end() - 1;
  if (suite == all.end())
    return std::fprintf(stderr, "%s: not built, or not on this processor\n", options.isa.c_str()), 2;
  std::printf("%s, %u threads\n\n", suite->isa, options.threads);
  std::printf(
      "| function | digits | from | to | inputs | worst, ulp | at | bound |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
  bool good = true;
  for (size_t i = 0; i < suite->single.size(); ++i) {
    const Row<float>& row = suite->single[i];
    const Row<float>& coarse = suite->coarse[i];
    if (!options.wants(row.name)) continue;
    Group<float> rows{&row};
    if (coarse.max_ulp > 0 && coarse.high == row.high) rows.push_back(&coarse);
    good &= judge<float>(rows, EveryFloat(row, options.stride), options);
    if (coarse.max_ulp > 0 && coarse.high != row.high)
      good &= judge<float>({&coarse}, EveryFloat(coarse, options.stride), options);
  }
  for (const Row<double>& row : suite->wide)
    if (options.wants(row.name)) good &= judge<double>({&row}, RandomDoubles{options.doubles * 1000000}, options);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace smoothact::math_rows

int main(int count, char** arguments) {
  smoothact::math_rows::Options options;
  for (int i = 1; i < count; ++i) {
    const std::string a = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : "";
    if (a == "--isa")
      options.isa = value, ++i;
    else if (a == "--stride")
      options.stride = std::max(1ll, std::atoll(value)), ++i;
    else if (a == "--doubles")
      options.doubles = std::atoll(value), ++i;
    else if (a == "--threads")
      options.threads = std::max(1, std::atoi(value)), ++i;
    else
      options.names.push_back(a);
  }
  return smoothact::math_rows::run(options);
}
