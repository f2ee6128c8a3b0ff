// SPDX-License-Identifier: Apache-2.0
// Decay: a jet that falls below the smallest number, as m times a scale that is 1 or, far out, a power of two: only the
// last product sees the subnormals. Where a plain number reaches far enough, the scale is One and costs nothing.
#pragma once

#include "atan_wide.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// How far a wide number reaches: e^-tail counts as 0, tail = e^inner_tail = root_tail^2; e^-far is so small that beside
// 1 it is nothing.
template <class W>
struct Range {  // double for results in single precision
  static constexpr bool lifts = false;
  static constexpr double far = 80;
  static constexpr double tail = 200, inner_tail = 5.298, root_tail = 14.1;
};
// Double for results in double: what its last digits lose.
struct WidestRange {
  static constexpr bool lifts = false;
  static constexpr double far = 80;
  static constexpr double tail = 760, inner_tail = 6.633, root_tail = 27.56;  // e^-tail is 0
};
template <class V>
struct Range<Twofold<V>> {
  static constexpr bool lifts = true;
  static constexpr bool single = sizeof(typename V::scalar) == 4;
  static constexpr double tail = Format<typename V::scalar>::tail, inner_tail = single ? 5.01 : 6.907;
  static constexpr double root_tail = single ? 12.2 : 31.6;
  static constexpr double far = single ? 40 : 80;
  static constexpr int lift = single ? 100 : 512;
  static constexpr double down = single ? 0x1p-100 : 0x1p-512;
  static constexpr double tiny = single ? 0x1p-110 : 0x1p-960, raise = single ? 0x1p40 : 0x1p512;
  static constexpr int octaves = single ? 40 : 512;  // of `raise`
};

template <class J, class S>
struct Decay {
  J m;
  S scale;

  SMOOTHACT_FN J value() const {
    if constexpr (std::is_same_v<S, One>)
      return m;
    else
      return scaled(m, scale);
  }
};
template <class J, class S>
Decay(J, S) -> Decay<J, S>;

template <class J, class S, class T>
SMOOTHACT_FN auto operator*(const Decay<J, S>& a, const T& b) {
  return Decay{a.m * b, a.scale};
}
template <class J, class S, class T>
SMOOTHACT_FN auto operator*(const T& b, const Decay<J, S>& a) {
  return a * b;
}
template <class J, class S, class T>
SMOOTHACT_FN auto operator/(const Decay<J, S>& a, const T& b) {
  return Decay{a.m / b, a.scale};
}
// Of two that have the same scale.
template <class J, class K, class S>
SMOOTHACT_FN auto operator+(const Decay<J, S>& a, const Decay<K, S>& b) {
  return Decay{a.m + b.m, a.scale};
}
template <class J, class S>
SMOOTHACT_FN auto operator-(const Decay<J, S>& a) {
  return Decay{-a.m, a.scale};
}
template <class M, class J, class S, class K>
SMOOTHACT_FN auto select(const M& mask, const Decay<J, S>& a, const Decay<K, S>& b) {
  if constexpr (std::is_same_v<S, One>)
    return Decay{select(mask, a.m, b.m), One{}};
  else
    return Decay{select(mask, a.m, b.m), select(mask, a.scale, b.scale)};
}
template <class M, class J, class S, class W, class D1, class D2>
SMOOTHACT_FN auto select(const M& mask, const Jet<W, D1, D2>& a, const Decay<J, S>& b) {
  if constexpr (std::is_same_v<S, One>)
    return Decay{select(mask, a, b.m), One{}};
  else
    return Decay{select(mask, a, b.m), select(mask, S(1), b.scale)};
}

// e^z, which may be multiplied by e^grown before it is beside 1.
template <class W, class D1, class D2>
SMOOTHACT_FN auto decaying_exp(const Jet<W, D1, D2>& z, const Constant& grown = 0) {
  using R = Range<W>;
  if constexpr (!R::lifts) {
    return Decay{exp(z), One{}};
  } else {
    using V = decltype(leading(z.v));
    const auto far = leading(z.v) < -R::far - V(grown);
    const W e = exp(z.v, select(far, V(R::lift), V(0)));
    const auto same = [&] { return e; };
    return Decay{compose(z, e, same, same), select(far, V(R::down), V(1))};
  }
}

// f(u) for f(u) = slope u + O(u^2): far out that is slope u.
template <class J, class S, class F>
SMOOTHACT_FN auto apply(const Decay<J, S>& u, const Constant& slope, const F& f) {
  if constexpr (std::is_same_v<S, One>) {
    return Decay{f(u.m), One{}};
  } else {
    const auto far = u.scale < 1;
    J near = u.m;
    near.v = select(far, decltype(near.v)(0), near.v);
    return Decay{select(far, u.m * slope, f(near)), u.scale};
  }
}
template <class J, class S>
SMOOTHACT_FN auto log1p(const Decay<J, S>& u) {
  return apply(u, 1, [](const J& a) { return log1p(a); });
}
template <class J, class S>
SMOOTHACT_FN auto expm1(const Decay<J, S>& u) {
  return apply(u, 1, [](const J& a) { return expm1(a); });
}

template <class J, class S>
SMOOTHACT_FN auto tanh(const Decay<J, S>& u) {
  return apply(u, 1, [](const J& a) { return tanh(a); });
}
template <class J, class S>
SMOOTHACT_FN auto atan_unit(const Decay<J, S>& u) {
  return apply(u, 1, [](const J& a) { return atan_unit(a); });
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
