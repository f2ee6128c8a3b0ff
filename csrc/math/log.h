// SPDX-License-Identifier: Apache-2.0
// log(1 + e) = e + e^2 p(e) on [0, 1]. A polynomial in e beats the usual one in e/(2 + e): the division costs
// more than the terms it saves. tools/fit/log.py makes the coefficients.
#pragma once

#include "exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

template <class V>
SMOOTHACT_FN V log1p_tail(V e) {
  if constexpr (coarse<V>)
    return polynomial(e, -0x1.ffe7bep-2, 0x1.535b9ep-2, -0x1.e38f38p-3, 0x1.354d8cp-3, -0x1.15ea4ap-4, 0x1.de0558p-7);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(e, -0x1.ffffd4p-2, 0x1.554e0ap-2, -0x1.ff28b6p-3, 0x1.9364e4p-3, -0x1.3a8fdap-3, 0x1.b5bb78p-4,
                      -0x1.d8da5cp-5, 0x1.4b7ddcp-6, -0x1.b3b84ep-9);
  else
    return polynomial(e, -0x1.fffffffffff9fp-2, 0x1.555555555104ep-2, -0x1.fffffffdd484dp-3, 0x1.99999951f7ae5p-3,
                      -0x1.55554fbe32b4ep-3, 0x1.2491fed7eacabp-3, -0x1.fffa8bb6fe397p-4, 0x1.c6f6a7c68904bp-4,
                      -0x1.98d2952ee1e49p-4, 0x1.712df258d4daep-4, -0x1.4b021a3d44fbap-4, 0x1.202deb8e9bbd3p-4,
                      -0x1.d7115373274e2p-5, 0x1.5a893f7e98754p-5, -0x1.b632c886aef4p-6, 0x1.c57f8d81597dep-7,
                      -0x1.6b4f237f1dca5p-8, 0x1.a25d3c5b663cdp-10, -0x1.31fa198ba5c4dp-12, 0x1.a908d25ad4cdcp-16);
}

}  // namespace detail

// log(1 + e) for e in [0, 1], to 1.2 (float) and 1.3 ulp (double).
template <class V>
SMOOTHACT_FN V log1p_unit(V e) {
  return fma(e * e, detail::log1p_tail(e), e);
}
// The same of e = m 2^n, with the digits that e loses below the normal numbers.
template <class V>
SMOOTHACT_FN Scaled<V> log1p_scaled(Scaled<V> e) {
  const V w = e.value();
  return {fma(e.m, w * detail::log1p_tail(w), e.m), e.n};
}
template <class V>
SMOOTHACT_FN V log1p_unit(Scaled<V> e) {
  return log1p_unit(e.value());
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
