// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/constructions.h"
#include "descriptor.h"
#include "steps/logistic.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Elish {
  static constexpr Descriptor descriptor{
      .name = "elish",
      .module = "ELiSH",
      .kind = Kind::gate,
      .definition = "where(x > 0, x, exp(x) - 1) / (1 + exp(-x))",
      .source = "Basirat & Roth 2018, arXiv:1808.00783",
      .limits = {0, infinity},
      .slopes = {0, 1},
      .smoothness = 1,
      .all_digits = true,
  };

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Left<V> l(x);
    return select(x < 0, l.over(l.em1, l.d), silu.f(x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Left<V> l(x);
    return select(x > 0, silu.df(x), l.over(l.e * (l.e + V(2)) + V(-1), l.d * l.d));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Left<V> l(x);
    return select(x > 0, silu.d2f(x), l.over(l.e * (l.e * (l.e + V(3)) + V(5)) + V(-1), l.d * l.d * l.d));
  }

 private:
  Gate<Logistic, Unit> silu;

  // (e - 1)H(x) and its derivatives: e n/d of polynomials in e = exp(x), which cancel.
  template <class V>
  struct Left {
    math::ExpExpm1<V> x;
    Sum<V> e, d, em1;
    SMOOTHACT_FN explicit Left(V at) : x(exp_expm1(min(V(0), at))), e(x.value()), d(one_plus(e)), em1(x.em1) {}
    SMOOTHACT_FN V over(Sum<V> numerator, Sum<V> denominator) const {
      return Scaled<V>{quotient(numerator * x.m, denominator), x.n}.value();
    }
  };
};
inline constexpr Function<Elish> elish{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
