// SPDX-License-Identifier: Apache-2.0
// Composite where parameters are tensors: computed in double whatever the input, so nothing is wider.
#pragma once

#include "composite.h"
#include "decay.h"
#include "widened.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class T>
Sum<Composite<T>> product(const Constant& k, const Composite<T>& x) {
  if (!k.varies()) return product(k.literal, x);
  return {Composite<T>(k) * x, 0};
}
// A zero has slopes, of which no sign is to be changed.
template <class T>
Composite<T> with_sign_of_zero(const Composite<T>& y, const Composite<T>&) {
  return y;
}
template <class T>
Composite<T> log_of(const Constant& k) {
  return logarithm(k);
}
template <class T>
Composite<T> scaled(const Composite<T>& a, const std::type_identity_t<Composite<T>>& power_of_two) {
  return a * power_of_two;
}

template <>
struct Range<Composite<double>> : WidestRange {};
template <>
struct Widened<Composite<double>> {
  using V = Composite<double>;
  template <class F>
  static V call(const F& f, const V& x) {
    return f.template operator()<V>(x);
  }
};

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
