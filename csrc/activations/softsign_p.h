// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/power.h"
#include "constructions/derived.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// With v = min(|x|, 1/|x|)^p <= 1, each order is a power of |x| times one of 1 + v, as one exponential of logarithms.
struct PowerSign {
  Constant p, inverse, slope, curvature, factor;  // the exponents of 1 + v, f'' = -(1 + p) times its powers
  Constant third;                                 // f''' at 0, for tensors: there the powers have no slope
  SMOOTHACT_FN constexpr explicit PowerSign(Constant p)
      : p(p),
        inverse(reciprocal(p)),
        slope(1 + inverse),
        curvature(2 + inverse),
        factor(1 + p),
        third(equals(p, 2) ? -3 : 0) {}

  template <int Order, class W, class V>
  SMOOTHACT_FN V at(V x) const {
    using T = typename V::scalar;
    const V size = abs(x);
    const auto far = size > 1;
    const V least = std::numeric_limits<T>::denorm_min(), most = math::Format<T>::largest;
    const W l = log_wide(W(min(most, max(least, size)))), pl = l * W(p);
    const W v = exp_wide(at_least(-math::Range<W>::far, select(far, -pl, pl))), g = log1p(v);
    if constexpr (Order == 0) {
      return copysign(narrow(exp_wide(-(g * W(inverse)))) * select(far, V(1), size), x);
    } else if constexpr (Order == 1) {
      return power<W, V>(select(far, -(pl + l), W(0)) - g * W(slope));
    } else {
      const W z = select(far, -(pl + (l + l)), pl - l) - g * W(curvature);
      const V y = power<W, V>(z, factor);
      return select(size <= 0, x * V(third), select(x < 0, y, -y));
    }
  }

 private:
  // factor e^z
  template <class W, class V>
  static SMOOTHACT_FN V power(const W& z, const Constant& factor = 1) {
    const auto y = decaying_exp(Jet<W>{at_least(-math::Range<W>::tail, z), {}, {}}) * factor;
    return derived::part<0>(y);
  }
};

// The algebraic sign of which softsign is p = 1, isru p = 2 and hardtanh the limit.
struct SoftsignP : Wide<PowerSign> {
  static constexpr Descriptor descriptor{
      .name = "softsign_p",
      .module = "SoftsignP",
      .kind = Kind::sign,
      .parameters = {{"p", 3, Domain::exponent}},
      .definition = "x / (1 + abs(x)**p)**(1 / p)",
      .limits = {-1, 1},
      .slopes = {0, 0},
      .smoothness = 3,
  };
  SMOOTHACT_FN constexpr explicit SoftsignP(Constant p) : Derived{PowerSign(p)} {}
};
inline constexpr Function<SoftsignP> softsign_p{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
