// SPDX-License-Identifier: Apache-2.0
// Logarithms. log(1 + e) = e + e^2 p(e) on [0, 1]. A polynomial in e beats the usual one in e/(2 + e): the division
// costs more than the terms it saves. tools/fit/log.py makes the coefficients.
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

// The same beside 0, from sqrt(1/2) - 1 to sqrt(2) - 1.
template <class V>
SMOOTHACT_FN V log_tail(V f) {
  if constexpr (coarse<V>)
    return polynomial(f, -0x1.00011ep-1, 0x1.553028p-2, -0x1.fe562p-3, 0x1.a2d30cp-3, -0x1.7cc078p-3, 0x1.e96adap-4);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(f, -0x1.fffff8p-2, 0x1.55555p-2, -0x1.000436p-2, 0x1.99a424p-3, -0x1.5424b2p-3, 0x1.226c38p-3,
                      -0x1.0f486ep-3, 0x1.087206p-3, -0x1.384404p-4);
  else
    return polynomial(f, -0x1.0000000000003p-1, 0x1.555555555551ep-2, -0x1.fffffffffde9ep-3, 0x1.99999999a1488p-3,
                      -0x1.55555556e613cp-3, 0x1.249249225ad9cp-3, -0x1.fffffef457289p-4, 0x1.c71c71ceb9911p-4,
                      -0x1.9999c965a11d2p-4, 0x1.745d468389942p-4, -0x1.55506cc5f3a1p-4, 0x1.3b0aa9199e7fap-4,
                      -0x1.24dc9ba65035dp-4, 0x1.11d9d3c307a7p-4, -0x1.fb6c4beac91ddp-5, 0x1.cf9f57b6131a6p-5,
                      -0x1.d14b47744579ap-5, 0x1.0b742b550a83bp-4, -0x1.ebaae32c9be35p-5, 0x1.ac3260350cf2bp-6);
}

// log((1 + f) 2^n)
template <class V>
SMOOTHACT_FN V log_of_octave(V f, V n) {
  using L = Ln2<typename V::scalar>;
  return fma(n, V(L::hi), f + fma(f * f, log_tail(f), n * L::lo));
}

}  // namespace detail

// log x for x >= 0, to 1.0 ulp.
template <class V>
SMOOTHACT_FN V log(V x) {
  using T = typename V::scalar;
  constexpr double lift = 2 + Format<T>::mantissa;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const auto subnormal = x < std::numeric_limits<T>::min();
  V n;
  const V m = split_octave(select(subnormal, x * V(T(1ll << static_cast<int>(lift))), x), n);
  const V y = detail::log_of_octave(m - 1, select(subnormal, n - lift, n));
  return select(x <= 0, V(-infinity), select(x < infinity, y, x));
}

// log(kx) for normal k and x, where kx >= 1 may leave the range, to 2.2 ulp.
template <class V>
SMOOTHACT_FN V log_multiple(const Constant& k, V x) {
  V n, rest;
  const V a = split_octave(x, n), m = split_octave(fma(V(k), a, V(k.trailing<typename V::scalar>()) * a), rest);
  return select(x < std::numeric_limits<typename V::scalar>::infinity(), detail::log_of_octave(m - 1, n + rest), x);
}

// log(1 + x) for x > -1, to 1.6 ulp: what 1 + x has lost joins the mantissa.
template <class V>
SMOOTHACT_FN V log1p(V x) {
  const V u = 1 + x, lost = x - (u - 1);
  V n;
  const V m = split_octave(u, n);
  const V y = detail::log_of_octave(fma(lost, power_of_two(max(V(-100), -n)), m - 1), n);
  return select(x < std::numeric_limits<typename V::scalar>::infinity(), y, x);
}

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
