// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/general_normal.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// (1 + sgn(x) P(1/b, t))/2 of t = |x/a|^b, where P(s, t) = t^s gammastar(s, t).
struct GennormCdf : Wide<GeneralNormal> {
  static constexpr Descriptor descriptor{
      .name = "gennorm_cdf",
      .module = "GennormCDF",
      .kind = Kind::step,
      .parameters = {{"a", 1, Domain::positive}, {"b", 3, Domain::exponent}},
      .definition = "(1 + x / a * gammastar(1 / b, abs(x / a)**b)) / 2",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 3,
  };
  SMOOTHACT_FN GennormCdf(Constant a, Constant b) : Derived{{a, b}} {}
};
inline constexpr Function<GennormCdf> gennorm_cdf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
