// SPDX-License-Identifier: Apache-2.0
// The arctangent, from atan(q) = q (1 + q^2 p(q^2)) on [0, 1]. tools/fit/atan.py makes the numbers.
#pragma once

#include "polynomial.h"
#include "sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// p of s = q^2, to little more than its last rounding: what is left of atan(q) - q/(1 + q^2) depends on it.
template <class V>
SMOOTHACT_FN V atan_tail(V s) {
  if constexpr (coarse<V>)
    return polynomial(s, -0x1.55544ap-2, 0x1.98fc7ap-3, -0x1.1cd1a6p-3, 0x1.7b3c54p-4, -0x1.722f6p-5, 0x1.5eb84cp-7);
  else if constexpr (sizeof(typename V::scalar) == 4)
    return polynomial(s, -0x1.555556p-2, 0x1.9999b8p-3, -0x1.248ffcp-3, 0x1.c69632p-4, -0x1.6f9c96p-4, 0x1.247986p-4,
                      -0x1.9ea6c2p-5, 0x1.c79804p-6, -0x1.4415a8p-7, 0x1.af1f64p-10);
  else
    return polynomial(s, -0x1.5555555555555p-2, 0x1.999999999987cp-3, -0x1.249249248a239p-3, 0x1.c71c71c3c61bfp-4,
                      -0x1.745d16e42a6c3p-4, 0x1.3b13aa320b9c2p-4, -0x1.1110b8c0dbd09p-4, 0x1.e1dbabe8475a6p-5,
                      -0x1.aefecda2b47cap-5, 0x1.8542f9d202a9fp-5, -0x1.60d5456de4ee5p-5, 0x1.3d0a2ff6acd67p-5,
                      -0x1.141962c785193p-5, 0x1.c290b84d68196p-6, -0x1.4a55d28806bap-6, 0x1.9fcba5046a99cp-7,
                      -0x1.ac07cb5363f48p-8, 0x1.54f9b3be6221fp-9, -0x1.8668eb032382ep-11, 0x1.1beeb78bba763p-13,
                      -0x1.88460994154c2p-17);
}

// For every x, to 1.2 ulp; the reciprocal of x with its error, since pi/2 - atan(1/x) does not hide it near 1.
template <class V>
SMOOTHACT_FN V atan(V x) {
  const V a = abs(x), far = min(V(0x1p100), max(V(1), a)), r = reciprocal(far);
  const auto beyond = V(1) < a;
  const V q = select(beyond, r, a), s = q * q, tail = q * (s * atan_tail(s));
  const Sum<V> half_pi = in_full<V>(Constant(1.5707963267948966, 6.123233995736766e-17));
  const Sum<V> d = add(half_pi.hi, -r);
  const V y = d.hi + ((d.lo + half_pi.lo) - fma(r, fma(-far, r, V(1)), tail));
  return copysign(select(beyond, y, q + tail), x);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
