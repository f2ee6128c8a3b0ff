// SPDX-License-Identifier: Apache-2.0
// The incomplete gamma functions of t >= 0 and of a shape s = 1/b, 1 <= b <= 16. Below t = 2 by powers of t, whose
// terms are those of e^-t over 1 + nb; above by the continued fraction
//   Gamma(s, t) = e^-t t^s / y_1,  y_n = t + (n - s) y_(n+1)/(y_(n+1) + n),
// in which all is positive, so that an error of y_(n+1) counts for less in y_n: but the first are of one term.
#pragma once

#include "parameter.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

inline constexpr double gamma_near = 2;

namespace detail {

// Of a wide number: how far the fraction goes down for its digits at t = 2, how many terms of the series, and how many
// of both are in two terms. Tensors are granted a few last places more.
template <class W>
struct GammaDepth {
  static constexpr int levels = 18, terms = 18, wide_levels = 0, wide_terms = 0;
};
template <class V>
struct GammaDepth<Twofold<V>> {
  static constexpr bool single = sizeof(typename V::scalar) == 4;
  static constexpr int levels = single ? 18 : 48, terms = single ? 18 : 26;
  static constexpr int wide_levels = fuses<V> ? 2 : 0, wide_terms = fuses<V> ? 9 : 3;
};

// Two fractions beside each other, of shapes s and 2s, and (y - y')/s of them.
template <class W>
struct GammaLevel {
  W first, second, apart;
};

// What is left out is such that it hardly changes from one level to the next: x (x + t + s) = (n - s)(x + t), nearly.
template <class V>
SMOOTHACT_FN V gamma_rest(V t, V s, double n) {
  const V c = t + s;
  return V(0.5) * (sqrt(c * c + V(4) * (V(n + 0.5) - s) * t) - c);
}

template <class W>
SMOOTHACT_FN W gamma_level(const W& y, const W& t, double n, const W& s) {
  return t + (n - s) * y / (y + n);
}
template <class W>
SMOOTHACT_FN GammaLevel<W> gamma_level(const GammaLevel<W>& g, const W& t, double n, const W& s) {
  const W above = (n - s) * n, first = g.first + n, second = g.second + n;
  return {t + (n - s) * g.first / first, t + ((n - s) - s) * g.second / second,
          (above * g.apart / first + g.second) / second};
}

}  // namespace detail

// y_1 for t >= 1
template <class W>
SMOOTHACT_FN W gamma_fraction(const W& t, const Constant& s) {
  using V = decltype(leading(t));
  using D = detail::GammaDepth<W>;
  const V u = leading(t), shape(s);
  V y = u + detail::gamma_rest(u, shape, D::levels + 1);
  for (int n = D::levels; n > D::wide_levels; --n) y = detail::gamma_level(y, u, n, shape);
  W result = y;
  for (int n = D::wide_levels; n > 0; --n) result = detail::gamma_level(result, t, n, W(s));
  return result;
}
// (1/y_1' - 1/y_1)/s, where the other is of shape 2s: Gamma(2s, t) - t^s Gamma(s, t) = e^-t t^2s s times this. Their
// difference, a sum of positive terms at each level, does not cancel.
template <class W>
SMOOTHACT_FN W gamma_fraction_slope(const W& t, const Constant& s) {
  using V = decltype(leading(t));
  using D = detail::GammaDepth<W>;
  const V u = leading(t), shape(s);
  const V first = u + detail::gamma_rest(u, shape, D::levels + 1);
  const V second = u + detail::gamma_rest(u, V(2) * shape, D::levels + 1);
  detail::GammaLevel<V> g{first, second, V(0.5)};
  for (int n = D::levels; n > D::wide_levels; --n) g = detail::gamma_level(g, u, n, shape);
  detail::GammaLevel<W> result{g.first, g.second, g.apart};
  for (int n = D::wide_levels; n > 0; --n) result = detail::gamma_level(result, t, n, W(s));
  return result.apart / (result.first * result.second);
}

namespace detail {

// What the next term of the series is beside the one before, but for -t.
template <class N>
SMOOTHACT_FN N gamma_step(const N& b, double n, bool integral) {
  const N before = (n - 1) * b, here = n * b;
  const N numerator = 1 + before, denominator = n * (1 + here);
  if (integral) return numerator * (2 + before) / (denominator * (2 + here));
  return numerator / denominator;
}

}  // namespace detail

// For t <= 2: the sum of (-t)^n/(n! (1 + nb)), which is t^(-1/b)/b times the lower function of shape 1/b; or of what
// its integral has, 2/((1 + nb)(2 + nb)) for 1/(1 + nb).
template <class W>
SMOOTHACT_FN W gamma_series(const W& t, const Constant& b, bool integral) {
  using V = decltype(leading(t));
  using D = detail::GammaDepth<W>;
  V rest = 1;
  for (int n = D::terms - 1; n > D::wide_terms; --n)
    rest = 1 - leading(t) * detail::gamma_step(V(b), n, integral) * rest;
  W y = rest;
  for (int n = D::wide_terms; n > 0; --n) y = 1 - t * detail::gamma_step(W(b), n, integral) * y;
  return y;
}

// 1/Gamma(1 + s), s <= 2, to 2^-66: beyond t = 52 the function has nothing left, and before it the series has no sign.
template <class W>
SMOOTHACT_OUTLINE W reciprocal_gamma(const W& s) {
  const double t = 52;
  W term = 1, sum = 1;
  for (int n = 1; (leading(sum) * 0x1p-72 < leading(term)).m; ++n) {
    term = term * W(t) / (s + W(n));
    sum = sum + term;
  }
  return exp_wide(W(t) - s * log_wide(W(t))) / sum;
}
SMOOTHACT_FN Literal reciprocal_gamma(const Literal& s) {
  return detail::digits_of(reciprocal_gamma(detail::Exact(s.value, s.low)));
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
