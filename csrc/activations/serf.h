// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/erf_softplus.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Serf : DerivedGate<ErfSoftplus> {
  static constexpr Descriptor descriptor{
      .name = "serf",
      .module = "Serf",
      .kind = Kind::gate,
      .definition = "x * erf(log(1 + exp(x)))",
      .source = "Nag & Bhattacharyya 2021, arXiv:2108.09598",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
};
inline constexpr Function<Serf> serf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
