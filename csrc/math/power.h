// SPDX-License-Identifier: Apache-2.0
// Powers of wide numbers, as exponentials of logarithms. The exponent multiplies the logarithm's error, and the decay
// e^-t of a power t that of the power: both functions are good to 2^-66 of double, 2^-34 of float, where those of
// twofold.h are to 2^-62.
#pragma once

#include "decay.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class W>
SMOOTHACT_FN W at_least(double low, const W& z) {
  return select(leading(z) < low, W(low), z);
}

template <class V>
SMOOTHACT_FN V exp_wide(const V& z) {
  return exp(z);
}
// For a normal result.
template <class V>
SMOOTHACT_FN Twofold<V> exp_wide(const Twofold<V>& z) {
  const detail::TwofoldReduced<V, true> d(z);
  return scaled(d.plus(1, d.p), power_of_two(d.n));
}

// The same number, a constant to differentiation: tensors have an overload.
template <class V>
SMOOTHACT_FN V detached(const V& a) {
  return a;
}
template <class V>
SMOOTHACT_FN Twofold<V> detached(const Twofold<V>& a) {
  return {detached(a.hi), detached(a.lo)};
}

template <class V>
SMOOTHACT_FN V log_wide(const V& x) {
  return log(x);
}
// Of every x > 0: what is too small or too large to have a reciprocal is brought nearer to 1 first.
template <class V>
SMOOTHACT_FN Twofold<V> log_wide(const Twofold<V>& x) {
  using W = Twofold<V>;
  using R = Range<W>;
  const auto low = x.hi < V(R::tiny), high = V(1 / R::tiny) < x.hi;
  const W near = scaled(x, select(low, V(R::raise), select(high, V(1 / R::raise), V(1))));
  const V octaves = select(low, V(-R::octaves), select(high, V(R::octaves), V(0)));
  const W y = log(near.hi);
  // The correction has no slope: that of near times that of e^-y would underflow beside small x.
  return (y + detached(near * exp_wide(-y) - 1)) + W(Constant(0.6931471805599453, 2.3190468138462996e-17)) * W(octaves);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
