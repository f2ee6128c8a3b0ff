// SPDX-License-Identifier: Apache-2.0
// Twofold<V>: the number hi + lo, of twice V's digits, with V's interface: for formulas whose roundings are not to be
// counted one by one. A sum is renormalised, since what cancels leaves all in lo; a product need not be (Dekker 1971).
// Functions are good to a relative 2^-60 of double, 2^-30 of float: a hundredth of the last place. Finite arguments.
#pragma once

#include "exp_extended.h"
#include "hyperbolic.h"
#include "log.h"
#include "sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// Registers have a fused multiply-add; tensors have none.
template <class V>
inline constexpr bool fuses = requires {
  V::lanes;
};

template <class V>
struct Twofold {
  using scalar = typename V::scalar;
  using Mask = typename V::Mask;

  // GCC 12 keeps a constant that is returned in memory there, unless a part of it is mutable: a quarter slower.
  mutable V hi;
  V lo;

  Twofold() = default;
  template <class C>
  requires std::is_arithmetic_v<C> SMOOTHACT_FN Twofold(C c)
      : hi(Constant(c).leading<scalar>()), lo(Constant(c).trailing<scalar>()) {}
  SMOOTHACT_FN Twofold(const Constant& c) : hi(c), lo(c.trailing<scalar>()) {}
  SMOOTHACT_FN Twofold(V hi) : hi(hi), lo(0) {}
  SMOOTHACT_FN Twofold(V hi, V lo) : hi(hi), lo(lo) {}
  SMOOTHACT_FN Twofold(Sum<V> s) : hi(s.hi), lo(s.lo) {}

  friend SMOOTHACT_FN Twofold operator-(const Twofold& a) { return {-a.hi, -a.lo}; }
  friend SMOOTHACT_FN Twofold operator+(const Twofold& a, const Twofold& b) {
    const Twofold s = sum(a.hi, b.hi);
    return normal(s.hi, s.lo + (a.lo + b.lo));
  }
  friend SMOOTHACT_FN Twofold operator-(const Twofold& a, const Twofold& b) { return a + -b; }
  friend SMOOTHACT_FN Twofold operator*(const Twofold& a, const Twofold& b) {
    const Sum<V> p = product(a.hi, b.hi);
    return {p.hi, fma(a.hi, b.lo, fma(a.lo, b.hi, p.lo))};
  }
  friend SMOOTHACT_FN Twofold operator/(const Twofold& a, const Twofold& b) {
    const V r = 1 / b.hi, q = a.hi * r;
    return normal(q, r * ((without(a.hi, q, b.hi) + a.lo) - q * b.lo));
  }
  friend SMOOTHACT_FN Twofold scaled(const Twofold& a, V power_of_two) {
    return {a.hi * power_of_two, a.lo * power_of_two};
  }

  friend SMOOTHACT_FN Mask operator<(const Twofold& a, const Twofold& b) { return a.hi < b.hi; }
  friend SMOOTHACT_FN Mask operator>(const Twofold& a, const Twofold& b) { return b.hi < a.hi; }
  friend SMOOTHACT_FN Twofold select(const Mask& m, const Twofold& a, const Twofold& b) {
    return {select(m, a.hi, b.hi), select(m, a.lo, b.lo)};
  }

  // a + b; two_sum is another where tensors leave the error out.
  static SMOOTHACT_FN Twofold sum(V a, V b) {
    const V s = a + b, part = s - a;
    return {s, (a - (s - part)) + (b - part)};
  }
  // a + b where b is but a few last places of a, or less
  static SMOOTHACT_FN Twofold normal(V a, V b) { return add(a, b); }
  // c - ab, rounded once
  static SMOOTHACT_FN V without(V c, V a, V b) {
    if constexpr (fuses<V>) {
      return fma(-a, b, c);
    } else {
      const Sum<V> p = product(a, b);
      return (c - p.hi) - p.lo;
    }
  }
};

template <class V>
SMOOTHACT_FN V leading(const Twofold<V>& a) {
  return a.hi;
}
// To one term.
template <class V>
SMOOTHACT_FN V narrow(const Twofold<V>& a) {
  return a.hi + a.lo;
}
template <class V>
SMOOTHACT_FN Twofold<V> abs(const Twofold<V>& a) {
  return select(a.hi < 0, -a, a);
}
template <class V>
SMOOTHACT_FN Twofold<V> sqrt(const Twofold<V>& a) {
  const V s = sqrt(a.hi);
  return Twofold<V>::normal(s, V(0.5) * (Twofold<V>::without(a.hi, s, s) + a.lo) / s);
}

namespace detail {

// z = n ln 2 + r; e^r - 1 = r (1 + r (1/2 + r (1/6 + r s))), the leading terms in two. Of half of r, s counts a
// sixteenth.
template <class V, bool Halved = false>
struct TwofoldReduced {
  using W = Twofold<V>;
  V n;
  W p;  // e^r - 1

  SMOOTHACT_FN explicit TwofoldReduced(const W& z) : n(nearest(z.hi)) {
    // n ln2.hi cancels exactly: both are multiples of its last place.
    const V r0 = W::without(z.hi, n, V(L::hi)), r1 = fma(n, V(-L::lo), z.lo);
    const W r = W::sum(r0, r1);
    if constexpr (Halved) {
      const W half = expm1(scaled(r, V(0.5)));
      p = half * plus(2, half);
    } else {
      p = expm1(r);
    }
  }

  SMOOTHACT_FN static W plus(const Constant& c, const W& small) {
    const W s = add(V(c.leading<T>()), small.hi);
    return {s.hi, s.lo + (small.lo + V(c.trailing<T>()))};
  }

 private:
  using T = typename V::scalar;
  using L = Ln2<T>;
  static SMOOTHACT_FN W expm1(const W& r) {
    const Constant sixth(1.0 / 6, 0x1.5555555555555p-57);
    return r * plus(1, r * plus(0.5, r * plus(sixth, W(r.hi * exp_remainder(r.hi)))));
  }
  static SMOOTHACT_FN V nearest(V z) {
    if constexpr (fuses<V>)
      return nearest_multiple(z, V(L::reciprocal));
    else
      return round(z * V(L::reciprocal));  // whose slope is 0
  }
};

}  // namespace detail

// 2^shift e^z, for a normal result.
template <class V>
SMOOTHACT_FN Twofold<V> exp(const Twofold<V>& z, V shift = 0) {
  const detail::TwofoldReduced<V> d(z);
  return scaled(d.plus(1, d.p), power_of_two(d.n + shift));
}
// e^z - 1
template <class V>
SMOOTHACT_FN Twofold<V> expm1(const Twofold<V>& z) {
  const detail::TwofoldReduced<V> d(z);
  const V s = power_of_two(max(V(-100), d.n));
  return scaled(d.p, s) + Twofold<V>::sum(s, -1);
}

// The logarithm of one term, and one step of Newton's: log x = y + (x e^-y - 1) to second order.
template <class V>
SMOOTHACT_FN Twofold<V> log1p(const Twofold<V>& x) {
  const Twofold<V> y = log1p(x.hi), e = expm1(-y);
  return y + ((x + e) + x * e);
}
template <class V>
SMOOTHACT_FN Twofold<V> log(const Twofold<V>& x) {
  const Twofold<V> y = log(x.hi);
  return y + (x * exp(-y) - 1);
}

template <class V>
SMOOTHACT_FN Twofold<V> tanh(const Twofold<V>& z) {
  const Twofold<V> e = expm1(scaled(abs(z), V(-2))), t = e / (2 + e);
  return select(z.hi < 0, t, -t);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
