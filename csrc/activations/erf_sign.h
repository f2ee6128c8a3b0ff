// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/normal_cdf.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct ErfSign : Sign<NormalCdf, Linear> {
  static constexpr Descriptor descriptor{
      .name = "erf_sign",
      .module = "ErfSign",
      .kind = Kind::sign,
      .parameters = {{"s", 1, Domain::positive}},
      .definition = "erf(x / (s * sqrt(2)))",
      .limits = {-1, 1},
      .slopes = {0, 0},
  };
  SMOOTHACT_FN constexpr explicit ErfSign(Constant s) : Sign{{reciprocal(s)}} {}
};
inline constexpr Function<ErfSign> erf_sign{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
