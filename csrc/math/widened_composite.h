// SPDX-License-Identifier: Apache-2.0
// The wide numbers of tensors: double for float, two terms for double.
#pragma once

#include <ATen/ops/exp2.h>

#include "composite.h"
#include "widened.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class T>
Composite<T> scaled(const Composite<T>& a, const std::type_identity_t<Composite<T>>& power_of_two) {
  return a * power_of_two;
}
template <class T>
Composite<T> power_of_two(const Composite<T>& n) {
  return n.is_constant() ? Composite<T>(std::exp2(n.constant)) : Composite<T>(graph::exp2(n.tensor));
}

template <class T>
Composite<T> detached(const Composite<T>& a) {
  return a.is_constant() ? a : Composite<T>(a.tensor.detach());
}

template <>
struct Widened<Composite<double>> {
  using V = Composite<double>;
  template <class F>
  static V call(const F& f, const V& x) {
    return f.template operator()<Twofold<V>>(x);
  }
};

template <>
struct Widened<Composite<float>> {
  using V = Composite<float>;
  template <class F>
  static V call(const F& f, const V& x) {
    using S = Composite<double>;
    const S y = f.template operator()<S>(S(x.tensor.to(at::kDouble)));
    return y.is_constant() ? V(y.constant) : V(y.tensor.to(at::kFloat));
  }
};

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
