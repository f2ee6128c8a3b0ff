// SPDX-License-Identifier: Apache-2.0
// The exponential integrals E1(y) = int_y^inf e^-t/t dt and Ein(y) = E1(y) + gamma + log y of a wide number or of a
// plain one. What stands beside y has one term only, and counts by its share. tools/fit/expint.py makes the numbers.
#pragma once

#include "polynomial.h"
#include "twofold.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

SMOOTHACT_FN constexpr Constant euler_gamma() { return {0.5772156649015329, -4.942915152430645e-18}; }

// Ein(y)/y = 1 - y/4 + y^2 r(y) for 0 <= y <= 1, of a plain number to 0.8 ulp.
template <class W>
SMOOTHACT_FN W ein_ratio(const W& y) {
  using V = decltype(leading(y));
  const V t = leading(y);
  V r;
  if constexpr (sizeof(typename V::scalar) == 4)
    r = polynomial(t, 0x1.c71c1ep-5, -0x1.55482ep-7, 0x1.b365a4p-10, -0x1.d0896cp-13, 0x1.4dd9bcp-16);
  else
    r = polynomial(t, 0x1.c71c71c71c4a4p-5, -0x1.55555555421eap-7, 0x1.b4e81b4728cfep-10, -0x1.e573ab0fac986p-13,
                   0x1.db8b400c5e3d3p-16, -0x1.a0163c0678005p-19, 0x1.48931017b298p-22, -0x1.d5f579aef2a34p-26,
                   0x1.257a662f1bfcfp-29, -0x1.f86ea38ccd871p-34);
  return 1 + (W(t * t * r) - y * W(0.25));
}

// e^y E1(y) = 1/(y + 1 - s(y)) for 1 <= y <= Format::tail, of a plain number to 2.1 ulp; s falls from a third.
template <class W>
SMOOTHACT_FN W scaled_e1(const W& y) {
  using V = decltype(leading(y));
  const V t = max(V(1), leading(y));
  V p, q;
  if constexpr (sizeof(typename V::scalar) == 4) {
    p = polynomial(t, 0x1.692fccp-1, 0x1.58e17p1, 0x1.a9e55ap0, 0x1.abb99cp-3);
    q = polynomial(t, 1.0, 0x1.7c9a1cp2, 0x1.b7c6c2p2, 0x1.250b6cp1, 0x1.abc008p-3);
  } else {
    p = polynomial(t, 0x1.90c998fff67c9p-1, 0x1.26aaef085e065p4, 0x1.9607aebf09925p6, 0x1.a2e04e9a2b085p7,
                   0x1.88b712ad1919fp7, 0x1.70d5e885cb969p6, 0x1.6ac151ce9b5b1p4, 0x1.74fe9744f1631p1,
                   0x1.76280aec5b4f7p-3, 0x1.1d5e61a73d0b6p-8);
    q = polynomial(t, 1.0, 0x1.ca74a79a09a0bp4, 0x1.87f9f7148b7acp7, 0x1.02c22324e69d1p9, 0x1.42616f9a30dbcp9,
                   0x1.a49244439642dp8, 0x1.2f431e10a32ffp7, 0x1.ec544017756cp4, 0x1.b8eb5c8f7e23dp1,
                   0x1.90e8e413e66f8p-3, 0x1.1d5e61a73f793p-8);
  }
  return 1 / (y + (1 - W(p / q)));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
