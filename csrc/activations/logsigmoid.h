// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "constructions/transforms.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LogSigmoid : Mirrored<Integral<Logistic, Unit>> {
  static constexpr Descriptor descriptor{
      .name = "logsigmoid",
      .module = "LogSigmoid",
      .aliases = {"log_sigmoid"},
      .kind = Kind::smooth_relu,
      .definition = "-log(1 + exp(-x))",
      .limits = {-infinity, 0},
      .slopes = {1, 0},
      .at_zero = -0.6931471805599453,
  };
};
inline constexpr Function<LogSigmoid> logsigmoid{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
