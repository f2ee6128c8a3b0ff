// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/laplace.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <class Warp>
struct LaplaceStep : Step<Laplace, Warp> {
  // H' left of 0, -H' right of it: of x, where kx is 0 sooner than x.
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    const V y = (this->step(p).slope() * (p.slope * p.slope)).value();
    return select(x > 0, -y, y);
  }
};

struct LaplaceCdf : LaplaceStep<Linear> {
  static constexpr Descriptor descriptor{
      .name = "laplace_cdf",
      .module = "LaplaceCDF",
      .kind = Kind::step,
      .parameters = {{"b", 1, Domain::positive}},
      .definition = "where(x > 0, 1 - exp(-x / b) / 2, exp(x / b) / 2)",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.5,
      .smoothness = 1,
  };
  SMOOTHACT_FN constexpr explicit LaplaceCdf(Constant b) : LaplaceStep{{{{reciprocal(b)}}}} {}

  template <class Use>
  void specialise(const Use& use) const {
    if (equals(warp.k, 1)) return use(LaplaceStep<Unit>());
    use(*this);
  }
};
inline constexpr Function<LaplaceCdf> laplace_cdf{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
