// SPDX-License-Identifier: Apache-2.0
// What ops compute from f, f' and f'': elementwise ones of each order, and gates.
#pragma once

#include "../math/number.h"
#include "gate.h"
#include "request.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <Order O, class A, class V>
SMOOTHACT_FN V evaluate(const A& a, const V* in) {
  if constexpr (O == Order::forward)
    return a.f(in[0]);
  else if constexpr (O == Order::backward)
    return in[0] * a.df(in[1]);
  else
    return in[0] * in[1] * a.d2f(in[2]);
}

template <Order O>
struct Elementwise {
  static constexpr int outputs = 1, inputs = inputs_of(O);

  template <class A, class V>
  static SMOOTHACT_FN void evaluate(const A& a, const V* in, V* out) {
    out[0] = smoothact::evaluate<O>(a, in);
  }
};

// f' meets one factor at a time: grad·up may overflow where the product of all three is small.
template <GatePart P>
struct Gated {
  static constexpr int outputs = outputs_of(P), inputs = inputs_of(P);

  template <class A, class V>
  static SMOOTHACT_FN void evaluate(const A& a, const V* in, V* out) {
    if constexpr (P == GatePart::forward) {
      out[0] = a.f(in[0]) * in[1];
    } else {
      static_assert(P == GatePart::backward);
      const V grad = in[0], gate = in[1], up = in[2];
      out[0] = up * a.df(gate) * grad;
      out[1] = a.f(gate) * grad;
    }
  }
};

// The same within limits: what lies beyond one has no gradient.
template <GatePart P, class A, class V>
SMOOTHACT_FN void evaluate_limited(const A& a, const Limits& limits, const V* in, V* out) {
  const V limit(limits.limit), gate = in[Gated<P>::inputs - 2], up = in[Gated<P>::inputs - 1];
  const auto beyond_gate = limit < gate, above = limit < up, below = up < -limit;
  V inside[Gated<P>::inputs];
  if constexpr (P == GatePart::backward) inside[0] = in[0];
  inside[Gated<P>::inputs - 2] = select(beyond_gate, limit, gate);
  inside[Gated<P>::inputs - 1] = select(above, limit, select(below, -limit, up)) + V(limits.offset);
  Gated<P>::evaluate(a, inside, out);
  if constexpr (P == GatePart::backward) {
    out[0] = select(beyond_gate, V(0), out[0]);
    out[1] = select(above | below, V(0), out[1]);
  }
}

template <Operation O, class A, class V>
SMOOTHACT_FN void evaluate_operation(const A& a, const Limits& limits, const V* in, V* out) {
  if constexpr (is_gate(O))
    evaluate_limited<O == Operation::gate ? GatePart::forward : GatePart::backward>(a, limits, in, out);
  else
    out[0] = evaluate<static_cast<Order>(O)>(a, in);
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
