// SPDX-License-Identifier: Apache-2.0
// Composite<T>: the number that is a tensor of T, or a constant not yet met by one. A formula on it is a graph of
// ATen calls: what Inductor fuses, what differentiates further, what runs on devices without a kernel.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/div.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/erfc.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/round.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include "atan.h"
#include "erf.h"
#include "exp_extended.h"
#include "hyperbolic.h"
#include "mills.h"
#include "sum.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// The graph may be one that carries derivatives along.
#if defined(SMOOTHACT_LEARNED)
namespace graph = dual;
#else
namespace graph = at;
#endif

template <class T>
struct Composite {
  using scalar = T;
  static constexpr int digits = Format<T>::digits;

  graph::Tensor tensor;
  double constant = 0;
  bool parameter = false;  // whose 0 is a factor like another, where a literal 0 is an error term left out

  Composite() = default;
  template <class C>
  requires std::is_arithmetic_v<C> Composite(C c) : constant(static_cast<double>(c)) {}
#if defined(SMOOTHACT_LEARNED)
  Composite(const Constant& c) : constant(c.leading<double>()), parameter(true) {
    if (c.varies()) tensor = c.tensor().to(c10::CppTypeToScalarType<T>::value);
  }
#else
  Composite(const Constant& c) : constant(c.value), parameter(true) {}
#endif
  explicit Composite(graph::Tensor t) : tensor(std::move(t)) {}
  bool is_constant() const { return !tensor.defined(); }
  bool is_zero() const { return is_constant() && constant == 0 && !parameter; }

  struct Mask {
    at::Tensor m;  // undefined: nowhere
    friend Mask operator&(const Mask& a, const Mask& b) { return {at::logical_and(a.m, b.m)}; }
    friend Mask operator|(const Mask& a, const Mask& b) { return {at::logical_or(a.m, b.m)}; }
  };

  friend Composite operator+(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant + b.constant;
    if (a.is_constant()) return a.constant == 0 ? b : Composite(graph::add(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 0 ? a : Composite(graph::add(a.tensor, b.constant));
    return Composite(graph::add(a.tensor, b.tensor));
  }
  friend Composite operator-(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant - b.constant;
    if (a.is_constant()) return Composite(graph::rsub(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 0 ? a : Composite(graph::sub(a.tensor, b.constant));
    return Composite(graph::sub(a.tensor, b.tensor));
  }
  friend Composite operator*(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant * b.constant;
    if (a.is_zero() || b.is_zero()) return 0;
    if (a.is_constant()) return a.constant == 1 ? b : Composite(graph::mul(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 1 ? a : Composite(graph::mul(a.tensor, b.constant));
    return Composite(graph::mul(a.tensor, b.tensor));
  }
  friend Composite operator/(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant / b.constant;
    if (a.is_constant()) return Composite(graph::reciprocal(b.tensor)) * a;
    if (b.is_constant()) return b.constant == 1 ? a : Composite(graph::div(a.tensor, b.constant));
    return Composite(graph::div(a.tensor, b.tensor));
  }
  friend Composite reciprocal(const Composite& a) { return 1 / a; }
  friend Composite operator-(const Composite& a) {
    return a.is_constant() ? Composite(-a.constant) : Composite(graph::neg(a.tensor));
  }

  friend Mask operator<(const Composite& a, const Composite& b) {
    if (a.is_constant() && a.constant == infinite) return {};
    return {b.is_constant() ? graph::lt(a.tensor, b.constant) : graph::lt(a.like(b), b.tensor)};
  }
  friend Mask operator<=(const Composite& a, const Composite& b) {
    return {b.is_constant() ? graph::le(a.tensor, b.constant) : graph::le(a.like(b), b.tensor)};
  }
  friend Mask operator>(const Composite& a, const Composite& b) { return b < a; }
  friend Mask operator>=(const Composite& a, const Composite& b) { return b <= a; }
  friend Mask is_nan(const Composite& a) { return {graph::isnan(a.tensor)}; }

  friend Composite select(const Mask& m, const Composite& a, const Composite& b) {
    if (!m.m.defined()) return b;
    if (a.is_constant() && b.is_constant() && a.constant == b.constant) return a;
    return Composite(graph::where(m.m, a.on(m.m), b.on(m.m)));
  }
  friend Composite fma(const Composite& a, const Composite& b, const Composite& c) { return a * b + c; }
  // Differentiates as the right branch at 0, as the formulas' `x < 0 ? left : right` do.
  friend Composite abs(const Composite& a) {
    return a.is_constant() ? Composite(std::abs(a.constant)) : select(a < 0, -a, a);
  }
  friend Composite minus_abs(const Composite& a) { return -abs(a); }
  friend Composite copysign(const Composite& a, const Composite& sign) {
    return Composite(graph::copysign(a.on(sign.tensor), sign.tensor));
  }
  friend Composite multiply_sign(const Composite& a, const Composite& sign) {
    if (!sign.is_constant()) return a * sign;
    return sign.constant < 0 ? -a : a;
  }
  friend Composite sqrt(const Composite& a) { return Composite(graph::sqrt(a.tensor)); }
  friend Composite rsqrt(const Composite& a) { return Composite(graph::rsqrt(a.tensor)); }
  friend Composite log(const Composite& a) { return Composite(graph::log(a.tensor)); }
  friend Composite log1p(const Composite& a) { return Composite(graph::log1p(a.tensor)); }
  friend Composite tanh(const Composite& a) { return Composite(graph::tanh(a.tensor)); }
  friend Composite tanh(const Sum<Composite>& a) { return tanh(a.hi + a.lo); }
  friend Composite atan(const Composite& a) { return Composite(graph::atan(a.tensor)); }
  friend Composite erf(const Composite& a) {
    const Composite far(graph::erf(a.tensor));
    if constexpr (sizeof(T) == 8) return far;
    // Inductor's for the CPU errs by 1e-7 of 1.
    return select(abs(a) < 0.34, detail::erf_near(a), far);
  }
  friend Composite erfc(const Composite& a) { return Composite(graph::erfc(a.tensor)); }
  friend Composite max(const Composite& bound, const Composite& x) {
    if (bound.is_constant() && x.is_constant()) return std::max(bound.constant, x.constant);
    return bound.is_constant() ? Composite(graph::clamp_min(x.tensor, bound.constant)) : select(bound > x, bound, x);
  }
  friend Composite min(const Composite& bound, const Composite& x) {
    if (bound.is_constant() && x.is_constant()) return std::min(bound.constant, x.constant);
    return bound.is_constant() ? Composite(graph::clamp_max(x.tensor, bound.constant)) : select(bound < x, bound, x);
  }
  friend Composite round(const Composite& a) { return Composite(graph::round(a.tensor)); }
  // n is the other half of an exponential, not an exponent; none is 0.
  friend Composite ldexp(const Composite& m, const Composite& n) { return n.is_zero() ? m : m * n; }

 private:
  static constexpr double infinite = std::numeric_limits<double>::infinity();
  template <class Reference>
  graph::Tensor on(const Reference& reference) const {
    if (!is_constant()) return tensor;
    return graph::full({}, constant, reference.options().dtype(c10::CppTypeToScalarType<T>::value));
  }
  graph::Tensor like(const Composite& other) const { return on(other.tensor); }
};

// ATen's own exponentials; the polynomials are for registers. e^z as the square of e^(z/2): each half is a normal
// number where the whole is not, and a factor times one half keeps the digits that the whole has lost.
template <class T>
Scaled<Composite<T>> exp_bounded(const Composite<T>& z) {
  const Composite<T> half(graph::exp(graph::mul(z.tensor, 0.5)));
  return {half, half};
}
template <class T>
Scaled<Composite<T>> exp_bounded(const Sum<Composite<T>>& z) {
  const Composite<T> half = exp_bounded(z.hi).n, corrected = half + half * (z.lo * 0.5);
  return {corrected, corrected};
}
template <class T>
Composite<T> expm1(const Composite<T>& z) {
  // Inductor's own for the CPU is exp(z) - 1.
  const Composite<T> near = z * z * detail::expm1_tail(z) + z, far(graph::sub(graph::exp(z.tensor), 1));
  return select(abs(z) < 0.34, near, far);
}
template <class T>
Sum<Composite<T>> exp_extended(const Sum<Composite<T>>& z) {
  return {exp_bounded(z).value(), 0};
}
template <class T>
Composite<T> expm1_minus(const Composite<T>& z) {
  return select(abs(z) < 0.34, z * z * detail::expm1_minus_tail(z), expm1(z) - z);
}
template <class T>
struct Exponential<Composite<T>> {
  using V = Composite<T>;
  V z, half;
  template <class Z>
  explicit Exponential(const Z& z) : z(leading(z)), half(exp_bounded(z).m) {}
  Scaled<V> scaled() const { return {half, half}; }
  Scaled<V> times(const V& x) const { return {x * half, half}; }
  Scaled<V> times(const Sum<V>& x) const { return times(x.hi + x.lo); }
  V beside_one() const { return half * half; }
  V plus_one() const { return 1 + half * half; }
  V minus_one() const { return expm1(z); }
};
template <class T>
Scaled<Composite<T>> select(const typename Composite<T>::Mask& mask, Scaled<Composite<T>> a, const Composite<T>& b) {
  return {select(mask, a.m, b), a.n.is_zero() ? 0 : select(mask, a.n, Composite<T>(1))};
}
template <class T>
Scaled<Composite<T>> select(const typename Composite<T>::Mask& mask, const Composite<T>& a, Scaled<Composite<T>> b) {
  return {select(mask, a, b.m), b.n.is_zero() ? 0 : select(mask, Composite<T>(1), b.n)};
}
// From the exponential that does not overflow.
template <class V, class T>
Scaled<V> logistic(const Sum<Composite<T>>& z) {
  const auto negative = z.hi < 0;
  const Exponential<V> e(Sum<V>{-abs(z.hi), select(negative, z.lo, -z.lo)});
  const Scaled<V> numerator = select(negative, e.scaled(), V(1));
  return numerator / e.plus_one();
}
template <class V, class T>
Scaled<V> logistic(const Composite<T>& z) {
  return logistic<V>(Sum<V>{z, 0});
}
template <class T>
struct ExpExpm1<Composite<T>> {
  using V = Composite<T>;
  Sum<V> m;
  V n;
  Sum<V> em1;
  V w;  // e^z itself, rounded less often than the square of its half

  Scaled<V> e() const { return {m.hi, n}; }
  Sum<V> value() const { return {w, 0}; }
};
template <class T>
ExpExpm1<Composite<T>> exp_expm1(const Sum<Composite<T>>& z) {
  const auto e = exp_bounded(z);
  const Composite<T> w(graph::exp(z.hi.tensor));
  return {{e.m, 0}, e.n, {expm1(z.hi), 0}, w + w * z.lo};
}
template <class T>
ExpExpm1<Composite<T>> exp_expm1(const Composite<T>& z) {
  return exp_expm1(Sum<Composite<T>>{z, 0});
}
template <class T>
Scaled<Composite<T>> log1p_scaled(const Scaled<Composite<T>>& e) {
  const Composite<T> w = e.value(), log(graph::log1p(w.tensor));
  return {select(w < 1e-20, e.m, log / e.n), e.n};
}

// t^2 would be rounded before exp multiplies the error by t^2/2: a carries so few bits of t that a^2 is exact, and
// t^2 = a^2 + (t - a)(t + a). Differentiation sees a as a constant, which it may.
template <class T>
Scaled<Composite<T>> normal_pdf(const Sum<Composite<T>>& z) {
  constexpr double grid = sizeof(T) == 4 ? 64 : 1 << 20, reach = 50;
  const Sum<Composite<T>> s = -minus_abs(z);
  const Composite<T> t = min(Composite<T>(reach), s.hi), a = round(t * grid) * (1 / grid);
  const Composite<T> half(graph::exp((-0.25 * a * a).tensor)),
      rest(graph::exp((-0.5 * ((t - a) + s.lo) * (t + a)).tensor));
  return {half * rest * Composite<T>(0.3989422804014326779), half};
}
template <class T>
Scaled<Composite<T>> normal_pdf(const Composite<T>& z) {
  return normal_pdf(Sum<Composite<T>>{z, 0});
}
template <class T>
Scaled<Composite<T>> times_density(const Sum<Composite<T>>& t, const Sum<Composite<T>>& r) {
  return normal_pdf(t) * (r.hi + r.lo);
}
template <class T>
Scaled<Composite<T>> weighted_tail(const Composite<T>& t) {
  return normal_tail(t) * min(Composite<T>(50), t);
}
template <class T>
Scaled<Composite<T>> weighted_tail_slope(const Composite<T>& t) {
  return normal_pdf(t) * (mills(t) - min(Composite<T>(50), t));
}

// Arguments are exact products all the same, by halves of the factors (Dekker 1971): ATen has no fma. The error terms
// of other sums, worth an ulp or two, stay out of the graph.
template <class T>
struct Halves {
  static constexpr int bits = std::numeric_limits<T>::digits / 2;
  Composite<T> hi, lo;

  explicit Halves(const Composite<T>& x) {
    const Composite<T> c = x * (std::ldexp(1.0, std::numeric_limits<T>::digits - bits) + 1);
    hi = c - (c - x);
    lo = x - hi;
  }
};
template <class T>
Sum<Composite<T>> product(const Composite<T>& a, const Composite<T>& b) {
  const Composite<T> p = a * b;
  const Halves<T> x(a), y(b);
  return {p, ((x.hi * y.hi - p) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}
template <class T>
Sum<Composite<T>> square(const Composite<T>& x) {
  const Composite<T> p = x * x;
  const Halves<T> h(x);
  return {p, ((h.hi * h.hi - p) + 2 * h.hi * h.lo) + h.lo * h.lo};
}
template <class T>
Sum<Composite<T>> product(const Literal& k, const Composite<T>& x) {
  const Composite<T> p(graph::mul(x.tensor, static_cast<double>(k.leading<T>())));  // a tensor even where k = 0
  int exponent;
  const double mantissa = std::frexp(k.value, &exponent);
  if (std::abs(mantissa) == 0.5 || mantissa == 0) return {p, 0};
  const double hi = std::ldexp(std::round(std::ldexp(mantissa, Halves<T>::bits)), exponent - Halves<T>::bits);
  const double lo = (k.value - hi) + k.low, down = std::abs(k.value) < 1e-30 ? 0x1p-32 : 1;  // x up to overflow
  const Halves<T> h(x * down);
  return {p, ((h.hi * (hi / down) - p) + h.lo * (hi / down)) + (h.hi + h.lo) * (lo / down)};
}
template <class T>
Sum<Composite<T>> product_plus(const Constant& k, const Composite<T>& x, const Composite<T>& c) {
  const Sum<Composite<T>> p = product(k, x);
  const Composite<T> s = p.hi + c;
  return {s, (p.hi - (s - c)) + p.lo};
}
template <class T>
Composite<T> product_error(const Composite<T>&, const Composite<T>&, const Composite<T>&) {
  return 0;
}
template <class T>
Sum<Composite<T>> two_sum(const Composite<T>& a, const Composite<T>& b) {
  return {a + b, 0};
}
template <class T>
Sum<Composite<T>> one_plus(const Composite<T>& b) {
  return {1 + b, 0};
}
template <class T>
Composite<T> quotient(const Sum<Composite<T>>& a, const Sum<Composite<T>>& b) {
  return (a.hi + a.lo) / (b.hi + b.lo);
}

template <class T>
Sum<Composite<T>> ratio(const Sum<Composite<T>>& a, const Sum<Composite<T>>& b) {
  return {quotient(a, b), 0};
}
template <class T>
Sum<Composite<T>> inverse(const Sum<Composite<T>>& a) {
  return {1 / (a.hi + a.lo), 0};
}
template <class T>
Sum<Composite<T>> rsqrt(const Sum<Composite<T>>& a) {
  return {rsqrt(a.hi + a.lo), 0};
}
template <class T>
Composite<T> log_of(const Literal& k) {
  return std::log(k.value);
}
template <class T>
Composite<T> log_multiple(const Constant& k, const Composite<T>& x) {
  return select(x * k < 1e30, log(x * k), log(x) + log_of<T>(k));
}
template <class T>
Composite<T> normal_sign(const Sum<Composite<T>>& t) {
  return erf((t.hi + t.lo) * 0.70710678118654752);
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
