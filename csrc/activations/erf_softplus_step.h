// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/erf_softplus.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ErfSoftplusStep : DerivedStep<ErfSoftplus> {
  static constexpr Descriptor descriptor{
      .name = "erf_softplus_step",
      .module = "ErfSoftplusStep",
      .kind = Kind::step,
      .definition = "erf(log(1 + exp(x)))",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.673041289742525,
  };
};
inline constexpr Function<ErfSoftplusStep> erf_softplus_step{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
