// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/affine_tanh.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LecunTanh : AffineTanh {
  static constexpr Descriptor descriptor{
      .name = "lecun_tanh",
      .module = "LeCunTanh",
      .kind = Kind::sign,
      .definition = "1.7159 * tanh(2 * x / 3)",
      .source = "LeCun et al. 1998, Efficient BackProp",
      .limits = {-1.7159, 1.7159},
      .slopes = {0, 0},
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr LecunTanh()
      : AffineTanh{{{Constant(1.3333333333333333, 7.401486830834377e-17)}}, {1.7159, 1.9184653865522706e-17}, 0} {}
};
inline constexpr Function<LecunTanh> lecun_tanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
