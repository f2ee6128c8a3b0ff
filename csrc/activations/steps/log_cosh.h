// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(x) = (1 + z/L)/2, z = ax, L = log(2 cosh z) = |z| + l, l = log(1 + e^(-2|z|)): the tail is l/2L. L' = tanh z.
template <class Z>
SMOOTHACT_FN auto log_2cosh(const Z& z, const decltype(z.v)& log) {
  const auto t = tanh(z.v);
  return compose(
      z, log - z.v, [&] { return t; }, [&] { return 1 - t * t; });
}

struct LogCosh {
  Constant a, width;
  SMOOTHACT_FN constexpr LogCosh(Constant a) : a(a), width(bound(Constant(0.5) / a)) {}

  template <class X>
  SMOOTHACT_FN auto even(const X& x) const {
    const auto z = x * a;
    const auto near = -0.5 < leading(z.v);
    const auto l = log1p(decaying_exp(z * 2));
    return Even{select(near, z, l) / (log_2cosh(z, l.value().v) * 2), near};
  }
};

// H(x) = (z/L) s(2z), s the logistic step. Where that is nearer to 1 than to 0 the distance is l/L + (1 - s)(z/L), both
// of which decay.
struct TanhLogCosh {
  Constant a, width;
  SMOOTHACT_FN constexpr TanhLogCosh(Constant a) : a(a), width(bound(Constant(0.5) / a)) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    const auto z = x * a;
    const auto positive = leading(z.v) > 0, upper = leading(z.v) > 0.5;
    const auto t = select(positive, -z, z);
    const auto e = decaying_exp(t * 2), l = log1p(e);
    const auto lambda = log_2cosh(t, l.value().v);
    const auto s = e / (e.value() + 1);
    return Sided{select(upper, l + s * z, select(positive, 1 - s.value(), s) * z) / lambda, upper};
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
