// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// c0 + x (c1 + x (c2 + ...)) by Horner: neighbouring registers hide the latency, so the fewest instructions
// win.
template <class V, class... C>
SMOOTHACT_FN V polynomial(V x, double c0, C... c) {
  if constexpr (sizeof...(c) == 0)
    return V(c0);
  else
    return fma(x, polynomial(x, c...), V(c0));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
