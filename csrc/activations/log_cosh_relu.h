// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/transforms.h"
#include "descriptor.h"
#include "log_cosh.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of tanh_relu.
struct LogCoshRelu : Rectified<LogCoshAbs> {
  static constexpr Descriptor descriptor{
      .name = "log_cosh_relu",
      .module = "LogCoshReLU",
      .kind = Kind::smooth_relu,
      .definition = "where(x > 0, log((exp(x) + exp(-x)) / 2), 0)",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr LogCoshRelu() : Rectified{LogCoshAbs(1)} {}
};
inline constexpr Function<LogCoshRelu> log_cosh_relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
