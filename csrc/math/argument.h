// SPDX-License-Identifier: Apache-2.0
// Arguments as unevaluated sums: exp(z) multiplies the rounding error of z by |z|, a normal density that of
// z^2/2.
#pragma once

#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class V>
struct Sum {
  V hi, lo;
};

// a + b, exact where a is a multiple of the sum's last place: |a| >= |b|, or a = 1 and |b| < 2^mantissa.
template <class V>
SMOOTHACT_FN Sum<V> add(V a, V b) {
  const V s = a + b;
  return {s, b - (s - a)};
}

// a * b, exact; finite operands.
template <class V>
SMOOTHACT_FN Sum<V> product(V a, V b) {
  const V p = a * b;
  return {p, fma(a, b, -p)};
}
template <class V>
SMOOTHACT_FN Sum<V> product(const Constant& k, V x) {
  const V p = V(k) * x;
  return {p, fma(V(k.trailing<typename V::scalar>()), x, fma(V(k), x, -p))};
}
template <class V>
SMOOTHACT_FN Sum<V> square(V x) {
  return product(x, x);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
