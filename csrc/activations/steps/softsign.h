// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../constructions/projective.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// H(z) = (1 + z/(1 + |z|))/2. With w = min(1, 1/|z|), 1/(1 + |z|) = w/(1 + q).
template <class V, class Z>
struct SoftsignCdf {
  Z p;
  Sum<V> share;  // 1/(1 + q)

  SMOOTHACT_FN explicit SoftsignCdf(const Z& p) : p(p), share(inverse(one_plus(p.q))) {}

  SMOOTHACT_FN Scaled<V> value() const { return p.step(p.inverse_size() * share * V(0.5)); }
  SMOOTHACT_FN Scaled<V> slope() const {
    const Sum<V> y = p.inverse_size() * share * share * V(0.5);
    return {y.hi + y.lo, 0};
  }
  // 0 at the break, as softsign's
  template <class U>
  SMOOTHACT_FN Scaled<V> curvature(U b) const {
    const Sum<V> s = p.inverse_size() * share * share * share * b;
    const V y = s.hi + s.lo;
    return {select(p.negative(), y, select(p.x <= 0, V(0), -y)), 0};
  }
  // The integral diverges at -infinity and is taken from 0: it falls from max(0, x) like log(1 + |z|).
  SMOOTHACT_FN Scaled<V> excess() const {
    const V q = p.q.hi, rest = fma(q * q, math::detail::log1p_tail(q), p.log_size());
    return p.divergent(p.width * V(0.5) * (p.q + rest));
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
