// SPDX-License-Identifier: Apache-2.0
// What an elementwise op of each order computes from f, f' and f''.
#pragma once

#include "../math/number.h"
#include "request.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <Order O, class A, class V>
SMOOTHACT_FN V evaluate(const A& a, const V* in) {
  if constexpr (O == Order::forward)
    return a.f(in[0]);
  else if constexpr (O == Order::backward)
    return in[0] * a.df(in[1]);
  else
    return in[0] * in[1] * a.d2f(in[2]);
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
