// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"
#include "../steps/log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// A(x) = x (2H - 1), H the step of log cosh
struct LogCoshRatio : LogCosh {
  using LogCosh::LogCosh;

  template <class X>
  SMOOTHACT_FN auto even(const X& x) const {
    const auto half = LogCosh::even(x);
    return Even{half.rest * (x * 2), half.near};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
