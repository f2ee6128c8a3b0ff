// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct AbsLogCosh : AbsIntegral<Logistic> {
  static constexpr Descriptor descriptor{
      .name = "abs_log_cosh",
      .module = "AbsLogCosh",
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "log(exp(a * x) + exp(-a * x)) / a",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .at_zero = 0.6931471805599453,
      .all_digits = true,
  };
  SMOOTHACT_FN constexpr explicit AbsLogCosh(Constant a) : AbsIntegral(Constant(2) * a) {}

  template <class Use>
  void specialise(const Use& use) const {
    if (warp.shifts()) return use(AbsIntegral<Logistic, Shift>(warp.k));
    use(*this);
  }
};
inline constexpr Function<AbsLogCosh> abs_log_cosh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
