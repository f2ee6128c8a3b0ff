// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// z = c (x + kappa x^3), c = 2 sqrt(2/pi), kappa = 0.044715, in two terms: its rounding error would be multiplied by z.
struct GeluCubic {
  static constexpr Constant c{1.5957691216057308, -9.96930880911092e-17}, kappa{0.044715, 2.1960211427085595e-18};

  template <class V>
  SMOOTHACT_FN Argument<V, Sum<V>, Sum<V>> operator()(V x) const {
    constexpr double reach = sizeof(typename V::scalar) == 4 ? 12 : 23.5;  // |z| = 142, 963: the step is 0 or 1
    const V inside = clamp(x, -reach, reach);
    const Sum<V> x2 = square(inside), kx2 = product(Constant(kappa), x2.hi), cx = product(Constant(c), inside);
    const Sum<V> growth = add(V(1), kx2.hi), z = product(cx.hi, growth.hi);
    const V growth_low = growth.lo + fma(V(kappa.value), x2.lo, kx2.lo);
    const V z_low = z.lo + fma(cx.hi, growth_low, cx.lo * growth.hi);
    using T = typename V::scalar;
    const Sum<V> k{V(c.leading<T>()), V(c.trailing<T>())}, cubic{kx2.hi, growth_low - growth.lo};
    const Sum<V> slope = k * (cubic * 3 + 1);
    return {{z.hi, z_low}, slope, slope * inside, k * cubic * 6, max(V(-reach), x)};
  }
};

struct GeluTanh : Gate<Logistic, GeluCubic> {
  static constexpr Descriptor descriptor{
      .name = "gelu_tanh",
      .module = "GELUTanh",
      .aliases = {"gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate"},
      .kind = Kind::gate,
      .definition = "x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2",
      .source = "Hendrycks & Gimpel 2016, arXiv:1606.08415",
      .limits = {0, infinity},
      .slopes = {0, 1},
  };
};
inline constexpr Function<GeluTanh> gelu_tanh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
