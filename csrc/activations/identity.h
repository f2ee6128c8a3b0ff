// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Identity {
  static constexpr Descriptor descriptor{
      .name = "identity",
      .module = "Identity",
      .aliases = {"linear"},
      .kind = Kind::piecewise,
      .definition = "x",
      .limits = {-infinity, infinity},
      .slopes = {1, 1},
  };
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return x;
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return 1 + flat(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return flat(x);
  }
};
inline constexpr Function<Identity> identity{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
