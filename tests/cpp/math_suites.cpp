// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "math_rows.h"

// The generated list: SUITE(DEFAULT) SUITE(AVX2) ..., what was built.
#define SUITE(ISA)                 \
  namespace smoothact::ISA::math { \
  math_rows::Suite suite();        \
  }
#include "math_suites.inc"
#undef SUITE

namespace smoothact::math_rows {
namespace {

bool runs(std::string_view isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == "AVX2") return avx2;
  if (isa == "AVX512")
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
  return isa == "DEFAULT";
}

}  // namespace

std::vector<Suite> suites() {
  std::vector<Suite> all;
#define SUITE(ISA) \
  if (runs(#ISA)) all.push_back(smoothact::ISA::math::suite());
#include "math_suites.inc"
#undef SUITE
  return all;
}

}  // namespace smoothact::math_rows
