// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of the logistic step. The threshold reproduces torch's; the exact function needs none.
template <class Warp>
struct SoftplusOf : Integral<Logistic, Warp> {
  using Base = Integral<Logistic, Warp>;
  Constant threshold;
  SMOOTHACT_FN constexpr SoftplusOf(Constant beta, Constant threshold) : Base(beta), threshold(threshold) {}
  SoftplusOf<Shift> shifted() const { return {this->warp.k, threshold}; }

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(beyond(x), x, Base::f(x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(beyond(x), V(1), Base::df(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(beyond(x), V(0), Base::d2f(x));
  }

 private:
  template <class V>
  SMOOTHACT_FN typename V::Mask beyond(V x) const {
    return V(threshold) < V(this->warp.k) * x;
  }
};

struct Softplus : SoftplusOf<Linear> {
  using SoftplusOf::SoftplusOf;
  static constexpr Descriptor descriptor{
      .name = "softplus",
      .module = "Softplus",
      .aliases = {"smooth_relu", "soft_relu"},
      .kind = Kind::smooth_relu,
      .parameters = {{"beta", 1, Domain::positive}, {"threshold", infinity, Domain::real, true}},
      .definition = "log(1 + exp(beta * x)) / beta",
      .source = "Dugas et al. 2001, Incorporating second-order functional knowledge for better option pricing",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .at_zero = 0.6931471805599453,
  };
};
inline constexpr Function<Softplus> softplus{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
