// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math/polynomial.h"
#include "constructions/smooth_abs.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct LogCoshAbs : AbsIntegral<Logistic> {
  static constexpr Descriptor descriptor{
      .name = "log_cosh",
      .module = "LogCosh",
      .kind = Kind::smooth_abs,
      .parameters = {{"a", 1, Domain::positive}},
      .definition = "log((exp(a * x) + exp(-a * x)) / 2) / a",
      .limits = {infinity, infinity},
      .slopes = {-1, 1},
      .all_digits = true,
  };
  Constant offset;  // log 2/a
  SMOOTHACT_FN constexpr explicit LogCoshAbs(Constant a)
      : AbsIntegral(Constant(2) * a), offset(reciprocal(a) * Constant(0.6931471805599453, 2.3190468138462996e-17)) {}

  // Around 0 log 2 would cancel: a x^2 c((ax)^2).
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Sum<V> z = product(warp.k, x) * V(0.5), square = z * x;
    const Sum<V> log2 = math::in_full<V>(offset);
    const V c = curve(min(V(1), z.hi * z.hi)), near = fma(square.hi, c, square.lo * c);
    return select(abs(z.hi) < 1, near, (abs(x) - log2.hi) + fma(V(2), this->excess(x).value(), -log2.lo));
  }

 private:
  // tools/fit/hyperbolic.py
  template <class V>
  static SMOOTHACT_FN V curve(V u) {
    if constexpr (math::coarse<V>)
      return math::polynomial(u, 0x1.ffffd6p-2, -0x1.55336ep-4, 0x1.679edcp-6, -0x1.83593cp-8, 0x1.11abb8p-10);
    else if constexpr (sizeof(typename V::scalar) == 4)
      return math::polynomial(u, 0x1p-1, -0x1.555516p-4, 0x1.6c02b6p-6, -0x1.b7f92ap-8, 0x1.10f272p-9, -0x1.25c23ap-11,
                              0x1.705facp-14);
    else
      return math::polynomial(u, 0x1p-1, -0x1.55555555554fp-4, 0x1.6c16c16c0da44p-6, -0x1.ba1ba1b58126ap-8,
                              0x1.1ea5d304f298ep-9, -0x1.833d8581c3d6cp-11, 0x1.0d0a2f355972cp-12,
                              -0x1.7d8f8b8835cacp-14, 0x1.127e1afbb48f1p-15, -0x1.8cdfc93bebeb7p-17,
                              0x1.195cf873fb4e7p-18, -0x1.71acd81d70374p-20, 0x1.95f6576d652eap-22,
                              -0x1.3b6a2261c0547p-24, 0x1.f20651e08f3a8p-28);
  }
};
inline constexpr Function<LogCoshAbs> log_cosh{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
