// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The integral of the logistic step. The threshold reproduces torch's; the exact function needs none.
struct Softplus : Integral<Logistic, Linear> {
  using Exact = Integral<Logistic, Linear>;
  Constant threshold;
  SMOOTHACT_FN constexpr Softplus(Constant beta, Constant threshold) : Exact(beta), threshold(threshold) {}

  template <class Use>
  void specialise(const Use& use) const {
    const bool exact = equals(threshold, infinity);
    if (exact && equals(warp.k, 1)) return use(Integral<Logistic, Unit>());
    if (exact && warp.shifts()) return use(Integral<Logistic, Shift>(warp.k));
    use(*this);
  }
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

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return select(beyond(x), x, Exact::f(x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(beyond(x), V(1), Exact::df(x));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(beyond(x), V(0), Exact::d2f(x));
  }

 private:
  template <class V>
  SMOOTHACT_FN typename V::Mask beyond(V x) const {
    return V(threshold) < V(warp.k) * x;
  }
};
inline constexpr Function<Softplus> softplus{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
