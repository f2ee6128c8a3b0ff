// SPDX-License-Identifier: Apache-2.0
// Composite<T>: the number that is a tensor of T, or a constant not yet met by one. A formula on it is a graph of
// ATen calls: what Inductor fuses, what differentiates further, what runs on devices without a kernel.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/div.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/round.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/where.h>

#include "argument.h"
#include "exp.h"
#include "log.h"
#include "mills.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class T>
struct Composite {
  using scalar = T;

  at::Tensor tensor;
  double constant = 0;

  Composite() = default;
  template <class C>
  requires std::is_arithmetic_v<C> Composite(C c) : constant(static_cast<double>(c)) {}
  Composite(const Constant& c) : constant(c.value) {}
  explicit Composite(at::Tensor t) : tensor(std::move(t)) {}
  bool is_constant() const { return !tensor.defined(); }
  bool is_zero() const { return is_constant() && constant == 0; }

  struct Mask {
    at::Tensor m;
    friend Mask operator&(const Mask& a, const Mask& b) { return {at::logical_and(a.m, b.m)}; }
    friend Mask operator|(const Mask& a, const Mask& b) { return {at::logical_or(a.m, b.m)}; }
  };

  friend Composite operator+(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant + b.constant;
    if (a.is_constant()) return a.constant == 0 ? b : Composite(at::add(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 0 ? a : Composite(at::add(a.tensor, b.constant));
    return Composite(at::add(a.tensor, b.tensor));
  }
  friend Composite operator-(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant - b.constant;
    if (a.is_constant()) return Composite(at::rsub(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 0 ? a : Composite(at::sub(a.tensor, b.constant));
    return Composite(at::sub(a.tensor, b.tensor));
  }
  friend Composite operator*(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant * b.constant;
    if (a.is_zero() || b.is_zero()) return 0;  // an absent error term; infinities were clamped
    if (a.is_constant()) return a.constant == 1 ? b : Composite(at::mul(b.tensor, a.constant));
    if (b.is_constant()) return b.constant == 1 ? a : Composite(at::mul(a.tensor, b.constant));
    return Composite(at::mul(a.tensor, b.tensor));
  }
  friend Composite operator/(const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant()) return a.constant / b.constant;
    if (a.is_constant()) return Composite(at::reciprocal(b.tensor)) * a;
    if (b.is_constant()) return b.constant == 1 ? a : Composite(at::div(a.tensor, b.constant));
    return Composite(at::div(a.tensor, b.tensor));
  }
  friend Composite operator-(const Composite& a) {
    return a.is_constant() ? Composite(-a.constant) : Composite(at::neg(a.tensor));
  }

  friend Mask operator<(const Composite& a, const Composite& b) {
    return {b.is_constant() ? at::lt(a.tensor, b.constant) : at::lt(a.like(b), b.tensor)};
  }
  friend Mask operator<=(const Composite& a, const Composite& b) {
    return {b.is_constant() ? at::le(a.tensor, b.constant) : at::le(a.like(b), b.tensor)};
  }
  friend Mask operator>(const Composite& a, const Composite& b) { return b < a; }
  friend Mask operator>=(const Composite& a, const Composite& b) { return b <= a; }
  friend Mask is_nan(const Composite& a) { return {at::isnan(a.tensor)}; }

  friend Composite select(const Mask& m, const Composite& a, const Composite& b) {
    if (a.is_constant() && b.is_constant() && a.constant == b.constant) return a;
    return Composite(at::where(m.m, a.on(m.m), b.on(m.m)));
  }
  friend Composite fma(const Composite& a, const Composite& b, const Composite& c) { return a * b + c; }
  // Differentiates as the right branch at 0, as the formulas' `x < 0 ? left : right` do.
  friend Composite abs(const Composite& a) { return select(a < 0, -a, a); }
  friend Composite copysign(const Composite& a, const Composite& sign) {
    return Composite(at::copysign(a.on(sign.tensor), sign.tensor));
  }
  friend Composite sqrt(const Composite& a) { return Composite(at::sqrt(a.tensor)); }
  friend Composite max(const Composite& bound, const Composite& x) {
    if (bound.is_constant() && x.is_constant()) return std::max(bound.constant, x.constant);
    return select(bound > x, bound, x);
  }
  friend Composite min(const Composite& bound, const Composite& x) {
    if (bound.is_constant() && x.is_constant()) return std::min(bound.constant, x.constant);
    return select(bound < x, bound, x);
  }
  friend Composite round(const Composite& a) { return Composite(at::round(a.tensor)); }
  friend Composite ldexp(const Composite& m, const Composite&) { return m; }  // the exponent is never split off

 private:
  at::Tensor on(const at::Tensor& reference) const {
    if (!is_constant()) return tensor;
    return at::full({}, constant, reference.options().dtype(c10::CppTypeToScalarType<T>::value));
  }
  at::Tensor like(const Composite& other) const { return on(other.tensor); }
};

// ATen's own exponentials keep range and tails; the polynomials are for registers.
template <class T>
Scaled<Composite<T>> exp_bounded(const Composite<T>& z) {
  return {Composite<T>(at::exp(z.tensor)), 0};
}
template <class T>
Scaled<Composite<T>> exp_bounded(const Sum<Composite<T>>& z) {
  return exp_bounded(z.hi);
}
template <class T>
Composite<T> expm1(const Composite<T>& z) {
  return Composite<T>(at::expm1(z.tensor));
}
template <class T>
ExpExpm1<Composite<T>> exp_expm1(const Composite<T>& z) {
  return {exp_bounded(z), expm1(z)};
}
template <class T>
ExpExpm1<Composite<T>> exp_expm1(const Sum<Composite<T>>& z) {
  return exp_expm1(z.hi);
}
template <class T>
Scaled<Composite<T>> log1p_scaled(const Scaled<Composite<T>>& e) {
  return {Composite<T>(at::log1p(e.m.tensor)), 0};
}

// t^2 would be rounded before exp multiplies the error by t^2/2: a carries so few bits of t that a^2 is exact, and
// t^2 = a^2 + (t - a)(t + a). Differentiation sees a as a constant, which it may.
template <class T>
Scaled<Composite<T>> normal_pdf(const Composite<T>& z) {
  constexpr double grid = sizeof(T) == 4 ? 64 : 1 << 20, reach = 50;
  const Composite<T> t = min(Composite<T>(reach), abs(z)), a = round(t * grid) * (1 / grid);
  const Composite<T> leading(at::exp((-0.5 * a * a).tensor)), rest(at::exp((-0.5 * (t - a) * (t + a)).tensor));
  return {leading * rest * Composite<T>(0.3989422804014326779), 0};
}
template <class T>
Scaled<Composite<T>> normal_tail(const Composite<T>& t) {
  return normal_pdf(t) * mills(t);
}
template <class T>
Scaled<Composite<T>> weighted_tail(const Composite<T>& t) {
  return normal_tail(t) * min(Composite<T>(50), t);
}
template <class T>
Scaled<Composite<T>> weighted_tail_slope(const Composite<T>& t) {
  return normal_pdf(t) * (mills(t) - min(Composite<T>(50), t));
}

// One term is enough where the error term would be more ATen calls.
template <class T>
Sum<Composite<T>> product(const Constant& k, const Composite<T>& x) {
  return {Composite<T>(at::mul(x.tensor, k.value)), 0};  // a tensor even where k = 0
}
template <class T>
Sum<Composite<T>> product(const Composite<T>& a, const Composite<T>& b) {
  return {a * b, 0};
}
template <class T>
Sum<Composite<T>> square(const Composite<T>& x) {
  return {x * x, 0};
}
template <class T>
Sum<Composite<T>> add(const Composite<T>& a, const Composite<T>& b) {
  return {a + b, 0};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
