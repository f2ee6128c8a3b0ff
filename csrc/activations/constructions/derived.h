// SPDX-License-Identifier: Apache-2.0
// Activations of which a header gives only the value, as one formula on jets: f' and f'' follow by the chain rule, and
// the digits of the wide number pay for its roundings. The formula still sees to what no digits pay for: a step is its
// tail on the left and 1 less its tail on the right, and a sign that is odd stays odd near 0.
#pragma once

#include "../../math/decay.h"
#include "../../math/widened.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

using math::Constant;
using math::Decay;
using math::Jet;
using math::One;

// A step: `tail` left of where it parts, limit - tail right of it.
template <class D, class M, class L = One>
struct Sided {
  D tail;
  M upper;
  L limit{};
};
template <class D, class M>
Sided(D, M) -> Sided<D, M, One>;
template <class D, class M, class L>
Sided(D, M, L) -> Sided<D, M, L>;

// An even function of which |x| is the better part, or a step with H(-x) = 1 - H(x); at a = -|x|. Far from 0 the rest
// beside |x|, or the tail; near 0 the whole, or the step less 1/2, so that what is odd has no error but a relative one.
template <class D, class M>
struct Even {
  D rest;
  M near;
};
template <class D, class M>
Even(D, M) -> Even<D, M>;

// outer H(inner x)
template <class H>
struct Stretched {
  Constant outer, inner, width;
  H step;
  SMOOTHACT_FN constexpr Stretched(Constant outer, Constant inner, H step = {})
      : outer(outer), inner(inner), width(bound(reciprocal(inner))), step(step) {}

  template <class X>
  SMOOTHACT_FN auto sided(const X& x) const {
    using W = decltype(x.v);
    const auto h = step.sided(x * inner);
    return Sided{h.tail * outer, h.upper, math::detail::number<W>(h.limit) * W(outer)};
  }
};

namespace derived {

// f, f' or f'', to one term
template <int Order, class J>
SMOOTHACT_FN auto part(const J& j) {
  if constexpr (Order == 0)
    return narrow(j.v);
  else if constexpr (Order == 1)
    return narrow(j.d1);
  else
    return narrow(j.d2);
}
template <int Order, class J, class S>
SMOOTHACT_FN auto part(const Decay<J, S>& d) {
  if constexpr (std::is_same_v<S, One>)
    return part<Order>(d.m);
  else
    return part<Order>(d.m) * d.scale;
}

// limit - d, rounded once
template <int Order, class W, class L, class J, class S>
SMOOTHACT_FN auto less(const L& limit, const Decay<J, S>& d) {
  const auto y = d.value();
  W t;
  if constexpr (Order == 0)
    t = y.v;
  else
    t = y.d1;
  return narrow(math::detail::number<W>(limit) - t);
}
// limit x - y, where x may be infinite
template <class V>
SMOOTHACT_FN V line_less(One, V x, V, V y) {
  return x - y;
}
template <class V>
SMOOTHACT_FN V line_less(const V& limit, V x, V, V y) {
  return limit * x - y;
}
template <class V>
SMOOTHACT_FN V line_less(const math::Twofold<V>& limit, V x, V inside, V y) {
  return fma(limit.hi, x, fma(limit.lo, inside, -y));
}

// Beyond this x the tail counts as 0: `width` is how much wider than e^-|x| the formula is, `shift` by how much moved.
template <class W, class F, class V>
SMOOTHACT_FN V within_reach(const F& formula, V x) {
  V reach = math::Range<W>::tail;
  if constexpr (requires { formula.width; })
    reach = min(V(math::Format<typename V::scalar>::largest), reach * V(formula.width));
  if constexpr (requires { formula.shift; }) reach = reach + abs(V(formula.shift));
  return min(reach, max(-reach, x));
}

// Near 0 what is odd is a multiple of x: of a subnormal x, that of a larger one, brought down again.
template <class W, class V>
struct Raised {
  V x, down = 1;

  SMOOTHACT_FN explicit Raised(V x) : x(x) {
    using R = math::Range<W>;
    if constexpr (R::lifts) {
      const auto tiny = abs(x) < R::tiny;
      this->x = select(tiny, x * V(R::raise), x);
      down = select(tiny, V(1 / R::raise), V(1));
    }
  }
};

template <int Order, class W, class F, class V>
SMOOTHACT_FN auto sided(const F& formula, V inside) {
  if constexpr (requires { formula.sided(math::variable<Order>(W(inside))); }) {
    return formula.sided(math::variable<Order>(W(inside)));
  } else {
    const auto upper = inside >= 0;
    auto half = formula.even(math::variable<Order>(W(minus_abs(inside))));
    half.rest.m.v = half.rest.m.v + select(half.near, W(0.5), W(0));
    return Sided{Decay{reflected(upper, half.rest.m), half.rest.scale}, upper};
  }
}

struct StepOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const V inside = within_reach<W>(formula, x);
    if constexpr (Order == 2 && requires { formula.even(math::variable<2>(W(x))); }) {
      const Raised<W, V> raised(inside);
      const auto h = derived::sided<Order, W>(formula, raised.x);
      const V y = part<Order>(h.tail) * raised.down;
      return select(h.upper, -y, y);
    }
    const auto h = derived::sided<Order, W>(formula, inside);
    const V y = part<Order>(h.tail);
    if constexpr (Order == 0)
      return select(abs(x) + abs(y) <= 0, x, select(h.upper, less<0, W>(h.limit, h.tail), y));  // -0 stays
    else
      return select(h.upper, -y, y);
  }
};

// x H(x)
struct GateOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const V inside = within_reach<W>(formula, x);
    const auto h = derived::sided<Order, W>(formula, inside);
    const auto tail = h.tail * math::variable<Order>(W(inside));
    const V y = part<Order>(tail);
    if constexpr (Order == 0)
      return select(abs(x) <= 0, x, select(h.upper, line_less(h.limit, x, inside, y), y));
    else if constexpr (Order == 1)
      return select(h.upper, less<1, W>(h.limit, tail), y);
    else
      return select(h.upper, -y, y);
  }
};

// 2H - 1, odd
struct SignOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const Raised<W, V> raised(within_reach<W>(formula, x));
    const auto half = formula.even(math::variable<Order>(W(minus_abs(raised.x))));
    const V y = 2 * part<Order>(half.rest);
    if constexpr (Order == 0)
      return copysign(select(half.near, -y * raised.down, 1 - y), x);
    else if constexpr (Order == 1)
      return y;
    else
      return select(x < 0, y, -y) * raised.down;
  }
};

// The even function.
struct AbsOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const V inside = within_reach<W>(formula, x);
    const Raised<W, V> raised(inside);
    const auto abs_x = formula.even(math::variable<Order>(W(minus_abs(Order == 1 ? raised.x : inside))));
    const V y = part<Order>(abs_x.rest);
    if constexpr (Order == 0)
      return select(abs_x.near, y, abs(x) + y);
    else if constexpr (Order == 1)
      return select(x < 0, V(1), V(-1)) * select(abs_x.near, y * raised.down, y - 1);
    else
      return y;
  }
};

// (x + A(x))/2 of it
struct HalfAbsOf {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    const auto abs_x = formula.even(math::variable<Order>(W(minus_abs(within_reach<W>(formula, x)))));
    const V y = V(0.5) * part<Order>(abs_x.rest);
    if constexpr (Order == 0)
      return select(abs_x.near, V(0.5) * x, max(V(0), x)) + y;
    else if constexpr (Order == 1)
      return select(abs_x.near, V(0.5) + select(x < 0, y, -y), select(x < 0, y, 1 - y));
    else
      return y;
  }
};

// What has f, f' and f'' as wide numbers of its own: formula.at<Order, W>(x).
struct Itself {
  template <int Order, class W, class F, class V>
  static SMOOTHACT_FN V apply(const F& formula, V x) {
    return formula.template at<Order, W>(x);
  }
};

}  // namespace derived

template <class Formula, class Use>
struct Derived {
  static constexpr bool two_terms = true;
  Formula formula;

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
    const Formula& formula;
    template <class W, class V>
    SMOOTHACT_FN V operator()(V x) const {
      return Use::template apply<Order, W>(formula, x);
    }
  };
  template <int Order, class V>
  SMOOTHACT_FN V computed(V x) const {
    return math::Widened<V>::call(At<Order>{formula}, x);
  }
};

template <class Formula>
using DerivedStep = Derived<Formula, derived::StepOf>;
template <class Formula>
using DerivedGate = Derived<Formula, derived::GateOf>;
template <class Formula>
using DerivedSign = Derived<Formula, derived::SignOf>;
template <class Formula>
using DerivedAbs = Derived<Formula, derived::AbsOf>;
template <class Formula>
using DerivedHalfAbs = Derived<Formula, derived::HalfAbsOf>;
template <class Formula>
using Wide = Derived<Formula, derived::Itself>;

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
