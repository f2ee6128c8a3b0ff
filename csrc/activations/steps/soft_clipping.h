// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/parameter.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = (log(1 + e^A) - log(1 + e^B))/a, A = ax, B = A - a, as A+ plus the logarithm of 1 + w >= 1, for x <= 1/2: the
// other half is its mirror image. H'' is 0 at 1/2, where A + B is.
struct SoftClip {
  Constant a, width, shift = 1, c;  // c = 1 - e^-a
  SMOOTHACT_FN explicit SoftClip(Constant a) : a(a), width(bound(reciprocal(a))), c(-expm1(-a)) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    using R = math::Range<W>;
    const auto upper = leading(x.v) > 0.5;
    const auto z = select(upper, 1 - x, x) * a;
    const auto positive = leading(z.v) > 0;
    const W between = expm1(2 * z.v - W(a)), nil = 0;
    const auto at_least = [](const W& v, double low) { return select(leading(v) < low, W(low), v); };
    const W p = 1 + exp(at_least(z.v - W(a), -R::far));
    const auto far = decaying_exp(Jet<W>{at_least(select(positive, -z.v, z.v), -R::tail)});
    const auto q = select(positive, far.value(), far);
    const W e = q.value().v, r = 1 / p, share = 1 / (1 + e);
    const auto log = log1p(q * (select(positive, -between, W(c)) * r));
    const W value = (log.m.v + select(positive, z.v, nil)) / W(a);
    const W low = W(c) * r / W(a) * share;  // times s(A)
    const auto slope = [&] { return low * select(positive, W(1), q.m.v); };
    const auto curvature = [&] { return -(low * share * q.m.v * r * between); };
    return Sided{Decay{compose(z, value, slope, curvature), q.scale}, upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
