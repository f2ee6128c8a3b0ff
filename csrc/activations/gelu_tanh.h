// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// z = c (x + kappa x^3), c = 2 sqrt(2/pi), kappa = 0.044715, in two terms: its rounding error would be multiplied by z.
struct GeluCubic {
  static constexpr math::Literal c{1.5957691216057308, -9.96930880911092e-17}, kappa{0.044715, 2.1960211427085595e-18};

  template <class V>
  SMOOTHACT_FN auto fold(V x) const {
    const V a = max(V(-reach<V>), minus_abs(x));
    const Sum<V> y = grown(a, growth(a)), u = grown(a, derivative(1, 1, a));
    if constexpr (math::counts_octaves<V>)
      return Folded<V, Octaves<V, Sum<V>>, Sum<V>>{math::in_octaves(y, Constant(c.value * math::octave)), a, u};
    else
      return Folded<V, Sum<V>, Sum<V>>{scaled(y), a, u};
  }
  template <class V>
  SMOOTHACT_FN auto bend(V x) const {
    const V a = max(V(-reach<V>), minus_abs(x));
    const Sum<V> slope = derivative(1, 1, a);
    return Bent<Sum<V>, Sum<V>, Sum<V>>{scaled(grown(a, growth(a))), derivative(2, 2, a), slope * grown(a, slope)};
  }
  template <class V>
  SMOOTHACT_FN V unfold(V x, V y) const {
    return Unit{}.unfold(x, y);
  }
  template <class V>
  SMOOTHACT_FN typename V::Mask negative(V x) const {
    return x < 0;
  }

 private:
  template <class V>
  static constexpr double reach = sizeof(typename V::scalar) == 4 ? 12 : 23.5;  // |z| = 142, 963: the step is 0 or 1

  template <class V>
  static SMOOTHACT_FN Sum<V> scaled(Sum<V> u) {
    const Sum<V> z = product(Constant(c), u.hi);
    return {z.hi, fma(V(c.value), u.lo, z.lo)};
  }
  // 1 + kappa x^2
  template <class V>
  static SMOOTHACT_FN Sum<V> growth(V x) {
    return square_plus(Constant(kappa), x, V(1));
  }
  // m times c + 3 c kappa x^2, the second term k times more; m and k powers of two.
  template <class V>
  static SMOOTHACT_FN Sum<V> derivative(int m, int k, V x) {
    constexpr math::Literal cubed{0.21406444881780073, 1.2025242832367862e-17};
    const Constant first(m * c.value, m * c.low), second(m * k * cubed.value, m * k * cubed.low);
    const Sum<V> s = square_plus(second, x, V(first));
    return {s.hi, s.lo + V(first.trailing<typename V::scalar>())};
  }
  // k x^2 + c
  template <class V>
  static SMOOTHACT_FN Sum<V> square_plus(const Constant& k, V x, V c) {
    const Sum<V> square = math::square(x), s = product_plus(k, square.hi, c);
    return {s.hi, fma(V(k), square.lo, s.lo)};
  }
  template <class V>
  static SMOOTHACT_FN Sum<V> grown(V x, Sum<V> growth) {
    const Sum<V> u = product(x, growth.hi);
    return {u.hi, fma(x, growth.lo, u.lo)};
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
