// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "constructions/ramp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

struct Isrlu {
  static constexpr Descriptor descriptor{
      .name = "isrlu",
      .module = "ISRLU",
      .kind = Kind::piecewise,
      .parameters = {{"alpha", 1, Domain::positive}},
      .definition = "where(x > 0, x, x / sqrt(1 + alpha * x**2))",
      .source = "Carlile et al. 2017, arXiv:1710.09967",
      .limits = {-1, infinity},
      .slopes = {0, 1},
      .smoothness = 2,
  };
  Constant alpha, triple, width;  // 3 alpha, 1/sqrt(alpha)
  SMOOTHACT_FN explicit Isrlu(Constant alpha)
      : alpha(alpha), triple(Constant(3) * alpha), width(bound(reciprocal(root(alpha)))) {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    const Left<V> left(*this, x);
    return select(x < 0, left.power(left.u * left.r, 0.5), x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Left<V> left(*this, x);
    return select(x > 0, V(1), left.power(left.r * left.r * left.r, 1.5));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Left<V> left(*this, x);
    const Sum<V> square = math::square(left.r), y = math::product(triple, left.u) * left.r * square * square;
    return select(x > 0, V(0), -left.power(y.value(), 2.5));
  }

 private:
  // 1/sqrt(1 + alpha u^2) = r sqrt(1 + error), u = min(x, 0): its powers would multiply the error. Where u is clamped,
  // f is its limit and every other power of r is 0.
  template <class V>
  struct Left {
    V u, r, error;
    SMOOTHACT_FN Left(const Isrlu& a, V x) : u(min(V(0), max(V(a.width) * -far<V>, x))) {
      const Sum<V> slope = math::product(a.alpha, u), square = slope * u;
      Sum<V> d = math::two_sum(V(1), square.hi);
      d = Sum<V>{d.hi, d.lo + square.lo};
      r = rsqrt(d.hi);
      const Sum<V> unit = d * r * r;
      error = (1 - unit.hi) - unit.lo;
    }
    SMOOTHACT_FN V power(V y, double exponent) const { return fma(y, exponent * error, y); }
  };
  template <class V>
  static constexpr double far = sizeof(typename V::scalar) == 4 ? 0x1p51 : 0x1p360;
};
inline constexpr Function<Isrlu> isrlu{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
