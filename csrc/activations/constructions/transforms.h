// SPDX-License-Identifier: Apache-2.0
// Activations from another, R:
//   Mirrored   -R(-x)
//   Rectified  R(max(x, 0)), where R(0) = 0
#pragma once

#include "../../math/number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <class R>
struct Mirrored {
  R of;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return -of.f(-x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return of.df(-x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return -of.d2f(-x);
  }
};

// The left branch holds at 0.
template <class R>
struct Rectified {
  R of;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return of.f(max(V(0), x));
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return select(x <= 0, V(0), of.df(max(V(0), x)));
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return select(x <= 0, V(0), of.d2f(max(V(0), x)));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
