// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/gompertz.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Golu : DerivedGate<Stretched<Gompertz>> {
  static constexpr Descriptor descriptor{
      .name = "golu",
      .module = "GoLU",
      .kind = Kind::gate,
      .parameters = {{"alpha", 1, Domain::positive}, {"beta", 1, Domain::positive}, {"gamma", 1, Domain::positive}},
      .definition = "alpha * x * exp(-beta * exp(-gamma * x))",
      .source = "Das et al. 2025, arXiv:2502.03654",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
  SMOOTHACT_FN Golu(Constant alpha, Constant beta, Constant gamma) : Derived{{alpha, gamma, Gompertz(beta)}} {}
};
inline constexpr Function<Golu> golu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
