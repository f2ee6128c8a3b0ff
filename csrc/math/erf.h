// SPDX-License-Identifier: Apache-2.0
// erf and erfc, by the normal tail Q(t) = erfc(t/sqrt(2))/2. tools/fit/erf.py makes the numbers.
#pragma once

#include "mills.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

// p of erf(x) = x (2/sqrt(pi) + x^2 p(x^2)) on [0, 3/4]
template <class V>
SMOOTHACT_FN V erf_remainder(V s) {
  if constexpr (coarse<V>)
    return polynomial(s, -0x1.8100c4p-2, 0x1.c7aa66p-4, -0x1.65b3eep-6);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(s, -0x1.81273ep-2, 0x1.ce2b96p-4, -0x1.b7b616p-6, 0x1.4f8dd6p-8, -0x1.63d886p-11);
  else
    return polynomial(s, -0x1.812746b0379e3p-2, 0x1.ce2f21a042672p-4, -0x1.b82ce3125eae3p-6, 0x1.565bcd047f687p-8,
                      -0x1.c02db153d7136p-11, 0x1.f9a2b52004c86p-14, -0x1.f4c6403662a21p-17, 0x1.b912f19c85ac7p-20,
                      -0x1.5668a4cf385dep-23, 0x1.8ab4879d94edep-27);
}

// 2/sqrt(pi) in two terms
template <class V>
SMOOTHACT_FN V erf_near(V x) {
  const V s = x * x, p = erf_remainder(s);
  if constexpr (coarse<V>)
    return x * fma(s, p, V(0x1.20dd76p0));
  else if constexpr (sizeof(typename V::scalar) == 4)
    return fma(x, V(0x1.20dd76p0), x * fma(s, p, V(-0x1.f7ac92p-25)));
  else
    return fma(x, V(0x1.20dd750429b6dp0), x * fma(s, p, V(0x1.1ae3a914fed8p-56)));
}

// 2/sqrt(pi) exp(-x^2) near enough for an error term
template <class V>
SMOOTHACT_FN V erf_slope(V x) {
  return polynomial(x * x, 1.128, -1.12, 0.45);
}

}  // namespace detail

// 2Phi(t) - 1 = erf(t/sqrt(2)) for t >= 0, to 2 ulp.
template <class V>
SMOOTHACT_FN V normal_sign(Sum<V> t) {
  const Sum<V> x = t * in_full<V>(Constant(0.7071067811865476, -4.833646656726457e-17));
  const V near = fma(x.lo, detail::erf_slope(x.hi), detail::erf_near(x.hi));
  return select(x.hi < 0.75, near, 1 - 2 * normal_tail(t).value());
}

// erfc(x) for every x, to 2.5 ulp.
template <class V>
SMOOTHACT_FN V erfc(V x) {
  // The product's error would be multiplied by x^2.
  const Sum<V> t = product(Constant(1.4142135623730951, -9.667293313452913e-17), min(V(detail::erfc_reach<V>), abs(x)));
  const V y = 2 * normal_tail(t).value();
  return select(x < 0, 2 - y, y);
}

// erf(x) for every x, to 1.6 ulp.
template <class V>
SMOOTHACT_FN V erf(V x) {
  const V a = abs(x);
  return select(a < 0.75, detail::erf_near(x), copysign(1 - erfc(a), x));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
