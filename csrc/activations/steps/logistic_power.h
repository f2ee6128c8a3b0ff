// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/parameter.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = s^a = e^y, s the logistic step of z = kx, y = -a log(1 + e^-z); left of 0 that is a (z - log(1 + e^z)), which
// does not overflow. H' = a H (1 - s), H'' = H' (a (1 - s) - s): the last factor is over 1 + e^-|z| a sum of a - 1 and
// e^-|z| - 1, so that at a = 1, where it is odd, it has no error but a relative one.
struct LogisticPower {
  Constant a, k, excess, width, grown;
  SMOOTHACT_FN LogisticPower(Constant a, Constant k)
      : a(a),
        k(k),
        excess(a - Constant(1)),
        width(bound(select(a < 1, reciprocal(a), Constant(1)) / k)),
        grown(bound(select(a < 1, Constant(0), logarithm(a)))) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    constexpr double far = math::Range<W>::tail;
    const auto z = x * k;
    const auto left = leading(z.v) < 0;
    const auto size = capped(Jet<W>{select(left, -z.v, z.v)}, far);
    const auto e = decaying_exp(-size, grown), l = log1p(e);
    const auto y = select(left, Jet<W>{z.v - l.value().v}, -l) * a;
    const auto upper = -0.5 < leading(y.value().v);
    const auto h = decaying_exp(-capped(-y.value(), far)), tail = select(upper, -expm1(y), h);
    const auto over = [&] { return 1 / (e.value().v + 1); };
    const auto slope = [&] {
      const auto rest = select(left, Jet<W>{1}, e) * (over() * W(a));  // a (1 - s)
      return select(upper, -(rest * h.value().v), h * rest.value().v).m.v;
    };
    const auto curvature = [&] {
      const W less = expm1(-size.v);
      return slope() * ((select(left, -less, less * W(a)) + W(excess)) * over());
    };
    return Sided{Decay{compose(z, tail.m.v, slope, curvature), tail.scale}, upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
