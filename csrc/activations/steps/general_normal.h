// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../../math/gamma.h"
#include "../constructions/derived.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The law of density c/(2a) e^-t, t = u^b, u = |x|/a, c = 1/Gamma(1 + 1/b): Laplace's at b = 1, the normal one at
// b = 2. Its tail H(-|x|) is half of the upper incomplete gamma function of t and of shape 1/b.
struct GeneralNormal {
  Constant a, b, shape, inverse, log_a, half_c, density;
  Constant third;  // H''' at 0, for tensors: there u^(b - 1) has no slope

  SMOOTHACT_FN GeneralNormal(Constant a, Constant b)
      : a(a),
        b(b),
        shape(reciprocal(b)),
        inverse(reciprocal(a)),
        log_a(logarithm(a)),
        half_c(math::reciprocal_gamma(shape) * Constant(0.5)),
        density(half_c * inverse),
        third(equals(b, 2) ? Constant(-2) * density * inverse * inverse : Constant(0)) {}

  template <int Order, class W, class V>
  SMOOTHACT_FN V at(V x) const {
    const Place<W, V> p(*this, x);
    if constexpr (Order == 0) {
      const auto tail = this->tail(p);
      return select(x < 0, derived::part<0>(tail), derived::less<0, W>(One{}, tail));
    } else if constexpr (Order == 1) {
      return derived::part<0>(decaying_exp(only(-p.t)) * density);
    } else {
      // u^(b - 1) is not t/u where t has no digits left.
      const W z = p.log_u * (W(b) - 1) - p.t;
      const auto power = decaying_exp(only(at_least(-math::Range<W>::tail, z)));
      const V y = derived::part<0>(power * only(W(density) * W(b) * W(inverse)));
      return select(p.size <= 0, x * V(third), select(x < 0, y, -y));
    }
  }

 protected:
  // Where |x| counts as any larger one.
  template <class W, class V>
  struct Place {
    V size;
    W u, log_u, t;
    typename V::Mask near;

    SMOOTHACT_FN Place(const GeneralNormal& h, V x) {
      using T = typename V::scalar;
      using R = math::Range<W>;
      size = min(V(R::tail) * V(h.a), abs(x));
      u = W(size) * W(h.inverse);
      const V most = V(R::inner_tail) * V(h.shape);
      const W l = log_wide(W(max(V(std::numeric_limits<T>::denorm_min()), size))) - W(h.log_a);
      log_u = select(most < leading(l), W(most), l);
      const W z = log_u * W(h.b);
      t = exp_wide(at_least(-R::far, z));
      near = leading(t) < V(math::gamma_near);
    }
    SMOOTHACT_FN W small_t() const { return select(near, t, W(math::gamma_near)); }
    SMOOTHACT_FN W large_t() const { return select(near, W(math::gamma_near), t); }
  };

  template <class W, class V>
  SMOOTHACT_FN auto tail(const Place<W, V>& p) const {
    const W inside = p.u * W(half_c) * gamma_series(p.small_t(), b, false);
    const W ratio = p.u * (W(half_c) * W(shape)) / gamma_fraction(p.large_t(), shape);
    return select(p.near, only(W(0.5) - inside), decaying_exp(only(-p.t)) * only(ratio));
  }
  template <class W>
  static SMOOTHACT_FN Jet<W> only(const W& v) {
    return {v, {}, {}};
  }
};

// The excess over max(0, x) of the integral of H: a/(2 Gamma(1/b)) (Gamma(2/b, t) - u Gamma(1/b, t)).
struct GeneralNormalIntegral : GeneralNormal {
  Constant mean;  // of |x|/a

  SMOOTHACT_FN GeneralNormalIntegral(Constant a, Constant b)
      : GeneralNormal(a, b), mean(half_c * reciprocal(math::reciprocal_gamma(shape + shape))) {}

  template <int Order, class W, class V>
  SMOOTHACT_FN V at(V x) const {
    if constexpr (Order > 0) {
      return GeneralNormal::at<Order - 1, W>(x);
    } else {
      const Place<W, V> p(*this, x);
      const W square = p.u * p.u;
      const W inside = (W(mean) - p.u) + square * W(half_c) * gamma_series(p.small_t(), b, true);
      const W outside = square * (W(half_c) * (W(shape) * W(shape))) * gamma_fraction_slope(p.large_t(), shape);
      const auto excess = select(p.near, only(scaled(inside, V(0.5))), decaying_exp(only(-p.t)) * only(outside));
      return max(V(0), x) + derived::part<0>(excess * a);
    }
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
