// SPDX-License-Identifier: Apache-2.0
// Jet: a value with its first and second derivative, by the chain rule in numbers. What is known beforehand costs
// nothing: the variable's derivatives are the types One and Zero, and one that is not asked for is None.
#pragma once

#include "twofold.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

struct Zero {};
struct One {};
struct None {};

namespace detail {

template <class A, class T>
inline constexpr bool is = std::is_same_v<std::remove_cvref_t<A>, T>;
template <class A, class B>
inline constexpr bool lacks = is<A, None> || is<B, None>;

template <class W, class A>
SMOOTHACT_FN auto number(const A& a) {
  if constexpr (is<A, One>)
    return W(1);
  else if constexpr (is<A, Zero>)
    return W(0);
  else
    return a;
}
template <class A, class B>
SMOOTHACT_FN auto times(const A& a, const B& b) {
  if constexpr (lacks<A, B>)
    return None{};
  else if constexpr (is<A, Zero> || is<B, Zero>)
    return Zero{};
  else if constexpr (is<A, One>)
    return b;
  else if constexpr (is<B, One>)
    return a;
  else
    return a * b;
}
template <class W, class A, class B>
SMOOTHACT_FN auto plus(const A& a, const B& b) {
  if constexpr (lacks<A, B>)
    return None{};
  else if constexpr (is<A, Zero>)
    return b;
  else if constexpr (is<B, Zero>)
    return a;
  else
    return number<W>(a) + number<W>(b);
}
template <class W, class A>
SMOOTHACT_FN auto minus(const A& a) {
  if constexpr (is<A, None> || is<A, Zero>)
    return a;
  else
    return -number<W>(a);
}
template <class W, class A, class V>
SMOOTHACT_FN auto scaled_by(const A& a, const V& power_of_two) {
  if constexpr (is<A, None> || is<A, Zero>)
    return a;
  else
    return scaled(number<W>(a), power_of_two);
}
template <class W, class M, class A, class B>
SMOOTHACT_FN auto choose(const M& mask, const A& a, const B& b) {
  if constexpr (lacks<A, B>)
    return None{};
  else if constexpr (is<A, Zero> && is<B, Zero>)
    return Zero{};
  else
    return select(mask, number<W>(a), number<W>(b));
}

}  // namespace detail

// d1 and d2 with respect to the variable
template <class W, class D1 = None, class D2 = None>
struct Jet {
  W v;
  D1 d1{};
  D2 d2{};
};
template <class W, class D1, class D2>
Jet(W, D1, D2) -> Jet<W, D1, D2>;

template <int Order, class W>
SMOOTHACT_FN auto variable(const W& x) {
  return Jet{x, std::conditional_t<(Order > 0), One, None>{}, std::conditional_t<(Order > 1), Zero, None>{}};
}

#define SMOOTHACT_JETS template <class W, class A1, class A2, class B1, class B2>
#define SMOOTHACT_JET template <class W, class A1, class A2>

SMOOTHACT_JET SMOOTHACT_FN auto operator-(const Jet<W, A1, A2>& a) {
  return Jet{-a.v, detail::minus<W>(a.d1), detail::minus<W>(a.d2)};
}
SMOOTHACT_JETS SMOOTHACT_FN auto operator+(const Jet<W, A1, A2>& a, const Jet<W, B1, B2>& b) {
  return Jet{a.v + b.v, detail::plus<W>(a.d1, b.d1), detail::plus<W>(a.d2, b.d2)};
}
SMOOTHACT_JETS SMOOTHACT_FN auto operator-(const Jet<W, A1, A2>& a, const Jet<W, B1, B2>& b) { return a + -b; }
SMOOTHACT_JETS SMOOTHACT_FN auto operator*(const Jet<W, A1, A2>& a, const Jet<W, B1, B2>& b) {
  using namespace detail;
  const auto twice = scaled_by<W>(times(a.d1, b.d1), 2);
  return Jet{a.v * b.v, plus<W>(times(a.d1, b.v), times(a.v, b.d1)),
             plus<W>(plus<W>(times(a.d2, b.v), twice), times(a.v, b.d2))};
}
// a - qb = 0, differentiated
SMOOTHACT_JETS SMOOTHACT_FN auto operator/(const Jet<W, A1, A2>& a, const Jet<W, B1, B2>& b) {
  using namespace detail;
  const W r = 1 / b.v, q = a.v * r;
  const auto q1 = times(plus<W>(a.d1, minus<W>(times(q, b.d1))), r);
  const auto taken = plus<W>(scaled_by<W>(times(q1, b.d1), 2), times(q, b.d2));
  return Jet{q, q1, times(plus<W>(a.d2, minus<W>(taken)), r)};
}

// With what does not depend on the variable: a Constant, a number.
template <class C, class W>
concept Steady = std::is_convertible_v<C, W>;
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator+(const Jet<W, A1, A2>& a, const C& c) {
  return Jet{a.v + W(c), a.d1, a.d2};
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator+(const C& c, const Jet<W, A1, A2>& a) {
  return a + c;
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator-(const Jet<W, A1, A2>& a, const C& c) {
  return Jet{a.v - W(c), a.d1, a.d2};
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator-(const C& c, const Jet<W, A1, A2>& a) {
  return -a + c;
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator*(const Jet<W, A1, A2>& a, const C& c) {
  return Jet{a.v * W(c), detail::times(a.d1, W(c)), detail::times(a.d2, W(c))};
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator*(const C& c, const Jet<W, A1, A2>& a) {
  return a * c;
}
template <class W, class A1, class A2, Steady<W> C>
SMOOTHACT_FN auto operator/(const C& c, const Jet<W, A1, A2>& a) {
  return Jet{W(c), Zero{}, Zero{}} / a;
}
// By a power of two, of whatever kind, that does not depend on the variable.
template <class W, class A1, class A2, class V>
SMOOTHACT_FN auto scaled(const Jet<W, A1, A2>& a, const V& power_of_two) {
  using namespace detail;
  return Jet{scaled(a.v, power_of_two), scaled_by<W>(a.d1, power_of_two), scaled_by<W>(a.d2, power_of_two)};
}

template <class M, class W, class A1, class A2, class B1, class B2>
SMOOTHACT_FN auto select(const M& mask, const Jet<W, A1, A2>& a, const Jet<W, B1, B2>& b) {
  return Jet{select(mask, a.v, b.v), detail::choose<W>(mask, a.d1, b.d1), detail::choose<W>(mask, a.d2, b.d2)};
}
// The same of -x, where the mask holds.
template <class M, class W, class A1, class A2>
SMOOTHACT_FN auto reflected(const M& mask, const Jet<W, A1, A2>& a) {
  return Jet{a.v, detail::choose<W>(mask, detail::minus<W>(a.d1), a.d1), a.d2};
}

// For a bound beyond which nothing is left of the result: the derivatives stay.
template <class W, class A1, class A2, class V = decltype(leading(W()))>
SMOOTHACT_FN auto capped(const Jet<W, A1, A2>& a, std::type_identity_t<V> high) {
  return Jet{select(high < leading(a.v), W(high), a.v), a.d1, a.d2};
}

// f(a) from f, f' and f'' at a.v, of which the last two are functions without arguments, called if asked for.
template <class W, class A1, class A2, class F1, class F2>
SMOOTHACT_FN auto compose(const Jet<W, A1, A2>& a, const W& f, const F1& f1, const F2& f2) {
  using namespace detail;
  if constexpr (is<A1, None>) {
    return Jet<W>{f, {}, {}};
  } else if constexpr (is<A2, None>) {
    const auto d1 = times(f1(), a.d1);
    return Jet{f, d1, None{}};
  } else {
    const W slope = f1();
    return Jet{f, times(slope, a.d1), plus<W>(times(f2(), times(a.d1, a.d1)), times(slope, a.d2))};
  }
}

SMOOTHACT_JET SMOOTHACT_FN auto exp(const Jet<W, A1, A2>& a) {
  const W e = exp(a.v);
  const auto same = [&] { return e; };
  return compose(a, e, same, same);
}
SMOOTHACT_JET SMOOTHACT_FN auto expm1(const Jet<W, A1, A2>& a) {
  const W e = expm1(a.v);
  const auto slope = [&] { return e + 1; };
  return compose(a, e, slope, slope);
}
SMOOTHACT_JET SMOOTHACT_FN auto log1p(const Jet<W, A1, A2>& a) {
  const W r = 1 / (1 + a.v);
  return compose(
      a, log1p(a.v), [&] { return r; }, [&] { return -(r * r); });
}
SMOOTHACT_JET SMOOTHACT_FN auto log(const Jet<W, A1, A2>& a) {
  const W r = 1 / a.v;
  return compose(
      a, log(a.v), [&] { return r; }, [&] { return -(r * r); });
}
SMOOTHACT_JET SMOOTHACT_FN auto sqrt(const Jet<W, A1, A2>& a) {
  const W s = sqrt(a.v);
  const auto slope = [&] { return W(0.5) / s; };
  return compose(a, s, slope, [&] { return W(-0.5) * slope() / a.v; });
}
// 1 - tanh^2, for arguments where it keeps its digits.
SMOOTHACT_JET SMOOTHACT_FN auto tanh(const Jet<W, A1, A2>& a) {
  const W t = tanh(a.v);
  const auto slope = [&] { return 1 - t * t; };
  return compose(a, t, slope, [&] { return -2 * t * slope(); });
}

#undef SMOOTHACT_JETS
#undef SMOOTHACT_JET

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
