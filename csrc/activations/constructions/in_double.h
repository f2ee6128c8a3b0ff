// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/widened.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// A formula whose roundings in single precision add up to more than the contract allows: float is computed in double,
// on the CPU and on tensors. A double, and CUDA's float, are computed as they are.
template <class A>
struct InDouble {
  A of;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return computed<0>(x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return computed<1>(x);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return computed<2>(x);
  }

 private:
  template <int Order>
  struct At {
    const A& of;
    template <class, class V>
    SMOOTHACT_FN V operator()(V x) const {
      if constexpr (Order == 0)
        return of.f(x);
      else if constexpr (Order == 1)
        return of.df(x);
      else
        return of.d2f(x);
    }
  };
  template <int Order, class V>
  SMOOTHACT_FN V computed(V x) const {
    if constexpr (std::is_same_v<typename V::scalar, float> && !math::on_cuda)
      return math::Widened<V>::call(At<Order>{of}, x);
    else
      return At<Order>{of}.template operator()<V>(x);
  }
};

// What computes the activation A: `a`, which is an A or cheaper.
template <class A, class B>
SMOOTHACT_FN auto as_computed(const B& a) {
  if constexpr (A::descriptor.in_double)
    return InDouble<B>{a};
  else
    return a;
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
