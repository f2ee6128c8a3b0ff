// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/derived.h"
#include "descriptor.h"
#include "steps/soft_clipping.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct SoftClipping : DerivedStep<SoftClip> {
  static constexpr Descriptor descriptor{
      .name = "soft_clipping",
      .module = "SoftClipping",
      .kind = Kind::step,
      .parameters = {{"a", 0.5, Domain::positive}},
      .definition = "log((1 + exp(a * x)) / (1 + exp(a * (x - 1)))) / a",
      .source = "Klimek & Perelstein 2018, arXiv:1810.11509",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.43814039275967726,
  };
  SMOOTHACT_FN explicit SoftClipping(Constant a) : Derived{SoftClip(a)} {}
};
inline constexpr Function<SoftClipping> soft_clipping{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
