// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Relu {
  static constexpr Descriptor descriptor{
      .name = "relu",
      .module = "ReLU",
      .aliases = {"rectifier"},
      .kind = Kind::piecewise,
      .definition = "where(x > 0, x, 0)",
      .source = "Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 0,
      .kinks = {0},
      .inplace = true,
      .slope_of_result = true,
  };

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(x < 0, V(0), x);  // -0 stays
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x > 0, V(1), flat(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return flat(x);
  }
};
inline constexpr Function<Relu> relu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
