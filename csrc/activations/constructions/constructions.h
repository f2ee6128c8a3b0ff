// SPDX-License-Identifier: Apache-2.0
// From a step H (or a smooth |x|) to activations. With z = warp(x):
//   Step      H(z)                       Sign   2H(z) - 1
//   Gate      x H(z)                     the step lets x through
//   Integral  (1/k) int H(kx)            the smooth ReLU whose slope is the step
//   HalfAbs   (x + A(x)) / 2             max(0, x) with |x| smoothed
#pragma once

#include "projective.h"
#include "warp.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <template <class, class> class H, class Warp>
struct Construction {
  Warp warp;

  template <class V, class Z, class D>
  static SMOOTHACT_FN H<V, Z> step(const Argument<V, Z, D>& p) {
    return H<V, Z>(p.z);
  }
};

// Most parameters in use are 1 or another power of two.
template <template <template <class, class> class, class> class Of, template <class, class> class H, class Warp,
          class Use>
void shifted(const Of<H, Warp>& a, const Use& use) {
  if constexpr (requires { a.warp.shifts(); }) {
    if (equals(a.warp.k, 1)) return use(Of<H, Unit>{});
    if (a.warp.shifts()) return use(Of<H, Shift>{{{a.warp.k}}});
  }
  use(a);
}

template <template <class, class> class H, class Warp>
struct Step : Construction<H, Warp> {
  template <class Use>
  void specialise(const Use& use) const {
    shifted(*this, use);
  }
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return this->step(this->warp(x)).value().value();
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = this->warp(x);
    return (this->step(p).slope() * p.slope).value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    return this->step(p).curvature(p.slope * p.slope).value();
  }
};

template <template <class, class> class H, class Warp>
struct Sign : Construction<H, Warp> {
  template <class Use>
  void specialise(const Use& use) const {
    shifted(*this, use);
  }
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return this->step(this->warp(x)).sign();
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const auto p = this->warp(x);
    return (this->step(p).slope() * (2 * p.slope)).value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    return this->step(p).curvature(2 * p.slope * p.slope).value();
  }
};

template <template <class, class> class H, class Warp>
struct Gate : Construction<H, Warp> {
  template <class Use>
  void specialise(const Use& use) const {
    shifted(*this, use);
  }
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    if constexpr (requires { H<V, V>::decay(x, x); }) {
      const auto p = this->warp.fold(x);
      return this->warp.unfold(x, H<V, V>::decay(p.a, p.x).value());
    } else {
      return this->step(this->warp(x)).gate(x);
    }
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    if constexpr (requires { H<V, V>::decay(x, x); }) {
      const auto p = this->warp.fold(x);
      const V s = H<V, V>::decay_slope(p.a, p.u).value();
      return select(this->warp.negative(x), s, 1 - s);
    } else {
      return this->step(this->warp(x)).gate_slope(x);
    }
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    if constexpr (requires { H<V, V>::decay(x, x); }) {
      const auto p = this->warp.bend(x);
      return H<V, V>::decay_curvature(p.a, p.constant, p.linear).value();
    } else {
      return this->step(this->warp(x)).gate_curvature(x);
    }
  }
};

// Both smooth ReLUs are max(0, x) plus an excess that decays on both sides, so neither side cancels.
template <template <class, class> class H, class Warp = Linear>
struct Integral : Construction<H, Warp> {
  Constant width = 1;
  SMOOTHACT_FN constexpr explicit Integral(Constant k) : Construction<H, Warp>{k}, width(reciprocal(k)) {}
  SMOOTHACT_FN constexpr Integral(Warp warp, Constant width) : Construction<H, Warp>{warp}, width(width) {}
  constexpr Integral() = default;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return max(V(-0.0), x) + excess(x).value();
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return this->step(this->warp(x)).value().value();
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    const auto p = this->warp(x);
    return (this->step(p).slope() * p.slope).value();
  }

 protected:
  template <class V>
  SMOOTHACT_FN Scaled<V> excess(V x) const {
    if constexpr (std::is_same_v<Warp, Projective>) {
      return this->step(this->warp(x)).excess();
    } else {
      const Scaled<V> excess = H<V, V>::excess(this->warp.below(x));
      if constexpr (std::is_same_v<Warp, Unit>) return excess;
      if constexpr (std::is_same_v<Warp, Shift>) return excess * V(width);
      return excess * math::in_full<V>(width);
    }
  }
};

template <class Abs>
struct HalfAbs {
  Abs smooth_abs;

  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return max(V(0), x) + smooth_abs.half_excess(x);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    const V s = V(0.5) * smooth_abs.slope_defect(x);
    return select(x < 0, s, 1 - s);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return V(0.5) * smooth_abs.curvature(x);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
