// SPDX-License-Identifier: Apache-2.0
// The normal tail: density phi and Mills' ratio M(t) = (1 - Phi(t))/phi(t), both without cancellation for t >= 0.
// tools/fit/mills.py makes the coefficients.
#pragma once

#include "exp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace detail {

// Beyond reach, times the density, every ratio below is 0 in the format.
template <class T>
inline constexpr double mills_reach = sizeof(T) == 4 ? 14.6 : 39;

// M(t) = 1/(t + D(t)) with D = R/S falling from sqrt(2/pi) to 0: in S/(tS + R) the rounding error of S cancels where t
// is large, and 1 - tM = R/(tS + R) has all its digits.
template <class V>
struct MillsFraction {
  V t, r, s;

  SMOOTHACT_FN explicit MillsFraction(V x) : t(min(V(mills_reach<typename V::scalar>), x)) {
    if constexpr (sizeof(typename V::scalar) == 4) {
      r = polynomial(t, 0x1.988454p-1, 0x1.1234aap-1, 0x1.795a08p-3, 0x1.1d61b4p-5, 0x1.9a56b6p-9);
      s = polynomial(t, 1.0, 0x1.206c54p0, 0x1.36fecp-1, 0x1.85df48p-3, 0x1.1d6de2p-5, 0x1.9a536p-9);
    } else {
      r = polynomial(t, 0x1.9884533d43651p-1, 0x1.1cc5638d890cdp0, 0x1.92e787aed3d5p-1, 0x1.740c0cb4e444cp-2,
                     0x1.eacbdbde884cbp-4, 0x1.e034f4fd0a6cdp-6, 0x1.60047dca6a55p-8, 0x1.7e02c76711cecp-11,
                     0x1.26c2ef25f1a86p-14, 0x1.265c3ed6ef035p-18, 0x1.2558dff553817p-23);
      s = polynomial(t, 1.0, 0x1.d97f5fc0ed354p0, 0x1.b1272cdbed66cp0, 0x1.fe956f920f6fep-1, 0x1.abc8f75a982cfp-2,
                     0x1.0a8c24c56cb8p-3, 0x1.f7a6bf1cb4849p-6, 0x1.692cd511d1362p-8, 0x1.829c3863a193cp-11,
                     0x1.27e84805c3f97p-14, 0x1.265c3ed6f3e1ap-18, 0x1.2558dff552e25p-23);
    }
  }
  SMOOTHACT_FN V denominator() const { return fma(t, s, r); }
};

template <class T>
struct NormalDensity;
template <>
struct NormalDensity<float> {
  static constexpr double scale = 0x1.988454p-2, correction = -0x1.e8221p-26, reach = 17.3;
};
template <>
struct NormalDensity<double> {
  static constexpr double scale = 0x1.9884533d43651p-2, correction = -0x1.201b5p-54, reach = 44.7;
};

}  // namespace detail

template <class V>
SMOOTHACT_FN V mills(V t) {
  const detail::MillsFraction<V> f(t);
  return f.s / f.denominator();
}

// M(t) - t: its root at 0.7518 is the minimum of gelu.
template <class V>
SMOOTHACT_FN V mills_slope(V t) {
  return mills(t) - t;
}

template <class V>
SMOOTHACT_FN V one_minus_t_mills(V t) {
  const detail::MillsFraction<V> f(t);
  return f.r / f.denominator();
}

// exp(-t^2/2)/sqrt(2 pi). What 1/sqrt(2 pi) loses to rounding rejoins the exponent.
template <class V>
SMOOTHACT_FN Scaled<V> normal_pdf(V t) {
  using D = detail::NormalDensity<typename V::scalar>;
  const V u = min(V(D::reach), abs(t));
  const Sum<V> z = product(V(-0.5) * u, u);
  const detail::Reduced<V> d(Sum<V>{z.hi, z.lo + V(D::correction)});
  return {d.exp(D::scale), d.n};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
