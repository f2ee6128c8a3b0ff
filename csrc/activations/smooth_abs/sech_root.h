// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// A(x) = sqrt(x^2 + S), S = (m/2) sech x. Beside |x| it has S/(A + |x|). S' = -S tanh x keeps its sign near 0, where
// the derivatives of the exponentials would cancel.
struct SechRoot {
  Constant m;

  template <class X>
  SMOOTHACT_FN auto even(const X& x) const {
    using W = decltype(x.v);
    const auto q = decaying_exp(Jet<W>{x.v});
    const W e = q.value().v, t = tanh(x.v);
    const W share = 1 / (1 + e * e), sech = 2 * e * share, s = q.m.v * share * W(m);
    const auto slope = [&] { return -(s * t); };
    const auto curvature = [&] { return s * (t * t - sech * sech); };
    const Decay d{compose(x, s, slope, curvature), q.scale};
    const auto square = x * x, root = sqrt(square + d.value());
    const auto near = square.v < d.value().v;
    return Even{select(near, root, d / (root - x)), near};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
