// SPDX-License-Identifier: Apache-2.0
// Not in the list yet. Float64 on tensors is up to 33 ulp off beside a zero of f'' and its third derivative is wrong at
// 0; float32 needs InDouble.
#pragma once

#include "../math/log.h"
#include "constructions/warp.h"
#include "descriptor.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H^a, H the logistic step: exp(az) (1 + e^z)^-a left of 0, (1 + e^-z)^-a right of it.
struct SigmoidPow {
  static constexpr Descriptor descriptor{
      .name = "sigmoid_pow",
      .module = "SigmoidPow",
      .aliases = {"aria2"},
      .kind = Kind::step,
      .parameters = {{"a", 2, Domain::positive}, {"k", 1, Domain::positive}},
      .definition = "(1 + exp(-k * x))**(-a)",
      .limits = {0, 1},
      .slopes = {0, 0},
      .at_zero = 0.25,
      .in_double = true,
  };
  Constant a, exponent, reach;
  Linear warp;
  SMOOTHACT_FN constexpr SigmoidPow(Constant a, Constant k)
      : a(a), exponent(a * k), reach(1 / exponent.value), warp{k} {}

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return Parts<V>(*this, x).power.value();
  }
  // akH^a (1 - H)
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const Parts<V> p(*this, x);
    return p.over(p.a * p.k, p.d);
  }
  // ak^2 H^a (1 - H)(a - (a + 1)H)
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const Parts<V> p(*this, x);
    const Sum<V> n = p.a + V(-1) + select(p.negative, -p.x.em1, p.a * p.x.em1);
    return p.over(p.a * p.k * p.k * n, p.d * p.d);
  }

 private:
  template <class V>
  struct Parts {
    typename V::Mask negative;
    math::ExpExpm1<V> x;
    Sum<V> a, k, e, d;
    Scaled<V> power;

    SMOOTHACT_FN Parts(const SigmoidPow& s, V at)
        : negative(at < 0), x(exp_expm1(s.warp.below(at))), a(math::in_full<V>(s.a)), k(math::in_full<V>(s.warp.k)) {
      e = x.value();
      d = one_plus(e);
      const Sum<V> log = e + e * (e.hi * math::detail::log1p_tail(e.hi));
      const V share = math::exp_scaled(-(a * log)).value();
      const V far = min(V(math::Format<typename V::scalar>::largest), V(s.reach) * tail<V>);
      const Sum<V> y = product(s.exponent, max(-far, min(V(0), at)));
      power = math::Exponential<V>(y).times(share);
    }
    // n/d times H^a left of 0, times H^a e right of it
    SMOOTHACT_FN V over(Sum<V> n, Sum<V> d) const {
      const V y = quotient(n * select(negative, Sum<V>{V(1), 0}, x.m), d);
      return select(negative, power * y, Scaled<V>{y * power.value(), x.n}).value();
    }
  };
};
inline constexpr Function<SigmoidPow> sigmoid_pow{};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
