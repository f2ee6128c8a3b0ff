// SPDX-License-Identifier: Apache-2.0
// Sloped<V, K>: a register with its derivatives by K parameters. A formula on it, written once, gives both in one pass.
#pragma once

#include "decay.h"
#include "gamma.h"
#include "widened.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// One after the other, where the compiler would keep an array in memory. Nothing empty at the end: see Sum.
template <class V, int K>
struct Slopes {
  V first;
  Slopes<V, K - 1> rest;
};
template <class V>
struct Slopes<V, 1> {
  V first;
};

// f of the slopes by each parameter
template <class V, int K, class F, class... S>
SMOOTHACT_FN Slopes<V, K> each_slope(const F& f, const S&... s) {
  if constexpr (K == 1)
    return {f(s.first...)};
  else
    return {f(s.first...), each_slope<V, K - 1>(f, s.rest...)};
}
template <class V, int K, class F>
SMOOTHACT_FN Slopes<V, K> make_slopes(const F& f, int parameter = 0) {
  if constexpr (K == 1)
    return {f(parameter)};
  else
    return {f(parameter), make_slopes<V, K - 1>(f, parameter + 1)};
}
template <class V, int K, class F>
SMOOTHACT_FN void use_slopes(const Slopes<V, K>& s, const F& f, int parameter = 0) {
  f(s.first, parameter);
  if constexpr (K > 1) use_slopes(s.rest, f, parameter + 1);
}

template <class V, int K>
struct Sloped {
  using scalar = typename V::scalar;
  using Mask = typename V::Mask;
  static constexpr int digits = V::digits;

  mutable V v;  // as in Twofold
  Slopes<V, K> slopes;

  Sloped() = default;
  template <class C>
  requires std::is_arithmetic_v<C> SMOOTHACT_FN Sloped(C c) : Sloped(V(c)) {}
  SMOOTHACT_FN Sloped(V v) : v(v), slopes(make_slopes<V, K>([](int) { return V(0); })) {}
  SMOOTHACT_FN Sloped(const Constant& c)
      : v(c.literal), slopes(make_slopes<V, K>([&](int k) { return V(c.slopes[k]); })) {}
  SMOOTHACT_FN Sloped(V v, const Slopes<V, K>& slopes) : v(v), slopes(slopes) {}

  // y of a slope dy along v
  SMOOTHACT_FN Sloped chain(V y, V dy) const {
    return {y, each([&](V a) { return a * dy; }, *this)};
  }
  template <class F, class... S>
  static SMOOTHACT_FN Slopes<V, K> each(const F& f, const S&... s) {
    return each_slope<V, K>(f, s.slopes...);
  }

  friend SMOOTHACT_FN Sloped operator+(const Sloped& a, const Sloped& b) {
    return {a.v + b.v, each([](V s, V t) { return s + t; }, a, b)};
  }
  friend SMOOTHACT_FN Sloped operator-(const Sloped& a, const Sloped& b) {
    return {a.v - b.v, each([](V s, V t) { return s - t; }, a, b)};
  }
  friend SMOOTHACT_FN Sloped operator*(const Sloped& a, const Sloped& b) {
    return {a.v * b.v, each([&](V s, V t) { return fma(s, b.v, a.v * t); }, a, b)};
  }
  friend SMOOTHACT_FN Sloped operator/(const Sloped& a, const Sloped& b) {
    const V r = 1 / b.v, q = a.v * r;
    return {q, each([&](V s, V t) { return fma(-q, t, s) * r; }, a, b)};
  }
  friend SMOOTHACT_FN Sloped reciprocal(const Sloped& a) {
    const V r = reciprocal(a.v);
    return a.chain(r, -r * r);
  }
  friend SMOOTHACT_FN Sloped operator-(const Sloped& a) {
    return {-a.v, each([](V s) { return -s; }, a)};
  }

  friend SMOOTHACT_FN Mask operator<(const Sloped& a, const Sloped& b) { return a.v < b.v; }
  friend SMOOTHACT_FN Mask operator<=(const Sloped& a, const Sloped& b) { return a.v <= b.v; }
  friend SMOOTHACT_FN Mask operator>(const Sloped& a, const Sloped& b) { return b < a; }
  friend SMOOTHACT_FN Mask operator>=(const Sloped& a, const Sloped& b) { return b <= a; }
  friend SMOOTHACT_FN Mask is_nan(const Sloped& a) { return is_nan(a.v); }

  friend SMOOTHACT_FN Sloped select(Mask m, const Sloped& a, const Sloped& b) {
    return {select(m, a.v, b.v), each([&](V s, V t) { return select(m, s, t); }, a, b)};
  }
  friend SMOOTHACT_FN Sloped fma(const Sloped& a, const Sloped& b, const Sloped& c) {
    return {fma(a.v, b.v, c.v), each([&](V s, V t, V u) { return fma(s, b.v, fma(a.v, t, u)); }, a, b, c)};
  }
  friend SMOOTHACT_FN Sloped multiply_sign(const Sloped& a, const Sloped& sign) {
    return {multiply_sign(a.v, sign.v), each([&](V s) { return multiply_sign(s, sign.v); }, a)};
  }
  friend SMOOTHACT_FN Sloped copysign(const Sloped& a, const Sloped& sign) {
    return multiply_sign(a, Sloped(multiply_sign(a.v, sign.v)));
  }
  // The right branch at 0, as the formulas' `x < 0 ? left : right`.
  friend SMOOTHACT_FN Sloped abs(const Sloped& a) { return copysign(a, Sloped(1)); }
  friend SMOOTHACT_FN Sloped minus_abs(const Sloped& a) { return copysign(a, Sloped(-1)); }
  friend SMOOTHACT_FN Sloped max(const Sloped& bound, const Sloped& x) { return select(bound > x, bound, x); }
  friend SMOOTHACT_FN Sloped min(const Sloped& bound, const Sloped& x) { return select(bound < x, bound, x); }

  friend SMOOTHACT_FN Sloped sqrt(const Sloped& a) {
    const V y = sqrt(a.v);
    return a.chain(y, V(0.5) / y);
  }
  friend SMOOTHACT_FN Sloped rsqrt(const Sloped& a) {
    const V y = rsqrt(a.v);
    return a.chain(y, V(-0.5) * y * y * y);
  }
  // Integers do not change with a parameter.
  friend SMOOTHACT_FN Sloped round(const Sloped& a) { return round(a.v); }
  friend SMOOTHACT_FN Sloped power_of_two(const Sloped& n) { return power_of_two(n.v); }
  // What is nothing beside one counts in a slope.
  friend SMOOTHACT_FN Sloped power_beside_one(const Sloped& n) { return ldexp(V(1), max(V(-2000), n.v)); }
  friend SMOOTHACT_FN Sloped split_octave(const Sloped& a, Sloped& n) {
    V octaves;
    const V m = split_octave(a.v, octaves);
    n = octaves;
    return a.chain(m, power_of_two(-octaves));
  }
  friend SMOOTHACT_FN Sloped ldexp(const Sloped& m, const Sloped& n) {
    return {ldexp(m.v, n.v), each([&](V s) { return ldexp(s, n.v); }, m)};
  }
};

namespace detail {

template <class V, int K>
SMOOTHACT_FN Sloped<V, K> nearest_multiple(Sloped<V, K> x, Sloped<V, K> k) {
  return nearest_multiple(x.v, k.v);
}
template <class V, int K>
struct Reduced<Sloped<V, K>> {
  using S = Sloped<V, K>;
  Reduced<V> of;
  S n, r;

  SMOOTHACT_FN explicit Reduced(S z) : of(z.v), n(of.n), r(of.r, z.slopes) {}
  SMOOTHACT_FN explicit Reduced(Sum<S> z) : Reduced(z.hi) {}

  SMOOTHACT_FN S tail() const { return expm1_tail(r); }
  SMOOTHACT_FN S exp() const {
    const V y = of.exp();
    return r.chain(y, y);
  }
  SMOOTHACT_FN S exp(S scale) const { return exp() * scale; }
  SMOOTHACT_FN S exp(Sum<S> scale) const { return exp() * scale.hi; }
  SMOOTHACT_FN S expm1() const {
    const V y = of.expm1();
    return r.chain(y, 1 + y);
  }
};

// What e^z and e^z - 1 gain is e^z, also where the power of two stops falling.
template <class V, int K>
SMOOTHACT_FN ExpExpm1<Sloped<V, K>> from_reduced(const Reduced<Sloped<V, K>>& d) {
  using S = Sloped<V, K>;
  const ExpExpm1<V> y = from_reduced(d.of);
  const V m = y.m.hi, e = ldexp(m, max(V(-2000), y.n));
  return {Sum<S>{d.r.chain(m, m), 0}, d.n, Sum<S>{d.r.chain(y.em1.hi, e), 0}};
}

// log((1 + f) 2^n)
template <class V, int K>
SMOOTHACT_FN Sloped<V, K> log_of_octave(const Sloped<V, K>& f, const Sloped<V, K>& n) {
  return f.chain(log_of_octave(f.v, n.v), 1 / (1 + f.v));
}

}  // namespace detail

template <class V, int K>
SMOOTHACT_FN Sloped<V, K> log1p_unit(const Sloped<V, K>& e) {
  return e.chain(log1p_unit(e.v), 1 / (1 + e.v));
}
template <class V, int K>
SMOOTHACT_FN Scaled<Sloped<V, K>> log1p_scaled(const Scaled<Sloped<V, K>>& e) {
  const Scaled<V> y = log1p_scaled(Scaled<V>{e.m.v, e.n.v});
  return {e.m.chain(y.m, 1 / (1 + ldexp(e.m.v, e.n.v))), e.n};
}

// Of the slopes of a zero no sign is changed.
template <class V, int K>
SMOOTHACT_FN Sloped<V, K> with_sign_of_zero(const Sloped<V, K>& y, const Sloped<V, K>& sign) {
  return {with_sign_of_zero(y.v, sign.v), y.slopes};
}

// Nothing is wider.
template <class V, int K>
SMOOTHACT_FN Sloped<V, K> scaled(Sloped<V, K> a, std::type_identity_t<Sloped<V, K>> power_of_two) {
  return a * power_of_two;
}
template <class V, int K>
struct Range<Sloped<V, K>> : WidestRange {};
template <class V, int K>
struct Widened<Sloped<V, K>> {
  using S = Sloped<V, K>;
  template <class F>
  static SMOOTHACT_FN S call(const F& f, S x) {
    return f.template operator()<S>(x);
  }
};

SMOOTHACT_FN Constant logarithm(const Constant& k) { return k.chain(logarithm(k.literal), 1 / k.literal.value); }
SMOOTHACT_FN Constant expm1(const Constant& k) {
  const Literal y = expm1(k.literal);
  return k.chain(y, 1 + y.value);
}
SMOOTHACT_FN Constant reciprocal_gamma(const Constant& k) {
  using V = Sloped<Simd<double, 1>, 1>;
  const V y = reciprocal_gamma(V(k.literal.value, {1}));
  return k.chain(reciprocal_gamma(k.literal), y.slopes.first.v);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
