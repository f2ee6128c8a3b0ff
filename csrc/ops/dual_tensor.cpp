// SPDX-License-Identifier: Apache-2.0
#include "../math/dual_tensor.h"

#include <ATen/ops/add.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/digamma.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/erfc.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/lgamma.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/log2.h>
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

namespace smoothact::dual {
namespace {

// `slope` makes a derivative of a tensor's; what has none is not asked for.
template <class Slope>
Tensor chain(at::Tensor value, const Tensor& a, const Slope& slope) {
  Tensor r(std::move(value));
  for (int i = 0; i < most_parameters; ++i) {
    if (a.slopes[i].defined()) r.slopes[i] = slope(a.slopes[i]);
  }
  return r;
}
// f(a) with the derivative by a, computed once and only if asked for.
template <class Derivative>
Tensor function(at::Tensor value, const Tensor& a, const Derivative& derivative) {
  at::Tensor d;
  return chain(std::move(value), a, [&](const at::Tensor& slope) {
    if (!d.defined()) d = derivative();
    return at::mul(slope, d);
  });
}
// What is linear in both.
template <class First, class Second>
Tensor combine(at::Tensor value, const Tensor& a, const Tensor& b, const First& first, const Second& second) {
  Tensor r = chain(value, a, first);
  const Tensor s = chain(value, b, second);
  for (int i = 0; i < most_parameters; ++i) {
    if (!s.slopes[i].defined()) continue;
    r.slopes[i] = r.slopes[i].defined() ? at::add(r.slopes[i], s.slopes[i]) : s.slopes[i];
  }
  return r;
}
const at::Tensor& same(const at::Tensor& slope) { return slope; }

constexpr double two_over_root_pi = 1.1283791670955126, ln_2 = 0.6931471805599453;

at::Tensor density(const at::Tensor& x) { return at::mul(at::exp(at::neg(at::mul(x, x))), two_over_root_pi); }

}  // namespace

Tensor Tensor::to(at::ScalarType type) const {
  return chain(value.to(type), *this, [&](const at::Tensor& slope) { return slope.to(type); });
}

Tensor add(const Tensor& a, const Tensor& b) { return combine(at::add(a.value, b.value), a, b, same, same); }
Tensor add(const Tensor& a, double b) { return chain(at::add(a.value, b), a, same); }
Tensor sub(const Tensor& a, const Tensor& b) {
  return combine(at::sub(a.value, b.value), a, b, same, [](const at::Tensor& s) { return at::neg(s); });
}
Tensor sub(const Tensor& a, double b) { return chain(at::sub(a.value, b), a, same); }
Tensor rsub(const Tensor& a, double b) {
  return chain(at::rsub(a.value, b), a, [](const at::Tensor& s) { return at::neg(s); });
}
Tensor mul(const Tensor& a, const Tensor& b) {
  return combine(
      at::mul(a.value, b.value), a, b, [&](const at::Tensor& s) { return at::mul(s, b.value); },
      [&](const at::Tensor& s) { return at::mul(a.value, s); });
}
Tensor mul(const Tensor& a, double b) {
  return chain(at::mul(a.value, b), a, [&](const at::Tensor& s) { return at::mul(s, b); });
}
Tensor div(const Tensor& a, const Tensor& b) {
  const at::Tensor q = at::div(a.value, b.value);
  return combine(
      q, a, b, [&](const at::Tensor& s) { return at::div(s, b.value); },
      [&](const at::Tensor& s) { return at::neg(at::mul(q, at::div(s, b.value))); });
}
Tensor div(const Tensor& a, double b) {
  return chain(at::div(a.value, b), a, [&](const at::Tensor& s) { return at::div(s, b); });
}
Tensor neg(const Tensor& a) {
  return chain(at::neg(a.value), a, [](const at::Tensor& s) { return at::neg(s); });
}
Tensor reciprocal(const Tensor& a) {
  const at::Tensor r = at::reciprocal(a.value);
  return function(r, a, [&] { return at::neg(at::mul(r, r)); });
}
Tensor detach(const Tensor& a) { return Tensor(a.value.detach()); }

at::Tensor lt(const Tensor& a, const Tensor& b) { return at::lt(a.value, b.value); }
at::Tensor lt(const Tensor& a, double b) { return at::lt(a.value, b); }
at::Tensor le(const Tensor& a, const Tensor& b) { return at::le(a.value, b.value); }
at::Tensor le(const Tensor& a, double b) { return at::le(a.value, b); }
at::Tensor isnan(const Tensor& a) { return at::isnan(a.value); }
Tensor where(const at::Tensor& mask, const Tensor& a, const Tensor& b) {
  Tensor r(at::where(mask, a.value, b.value));
  for (int i = 0; i < most_parameters; ++i) {
    const at::Tensor &s = a.slopes[i], &t = b.slopes[i];
    if (s.defined() && t.defined())
      r.slopes[i] = at::where(mask, s, t);
    else if (s.defined())
      r.slopes[i] = at::where(mask, s, 0.0);
    else if (t.defined())
      r.slopes[i] = at::where(mask, 0.0, t);
  }
  return r;
}
Tensor clamp_min(const Tensor& a, double low) {
  return chain(at::clamp_min(a.value, low), a,
               [&](const at::Tensor& s) { return at::where(at::lt(a.value, low), 0.0, s); });
}
Tensor clamp_max(const Tensor& a, double high) {
  return chain(at::clamp_max(a.value, high), a,
               [&](const at::Tensor& s) { return at::where(at::le(a.value, high), s, 0.0); });
}
Tensor copysign(const Tensor& a, const Tensor& sign) {
  const at::Tensor y = at::copysign(a.value, sign.value.detach());
  return chain(y, a, [&](const at::Tensor& s) { return at::where(at::eq(y, a.value), s, at::neg(s)); });
}
Tensor round(const Tensor& a) { return Tensor(at::round(a.value)); }

Tensor sqrt(const Tensor& a) {
  const at::Tensor y = at::sqrt(a.value);
  return function(y, a, [&] { return at::mul(at::reciprocal(y), 0.5); });
}
Tensor rsqrt(const Tensor& a) {
  const at::Tensor y = at::rsqrt(a.value);
  return function(y, a, [&] { return at::mul(at::mul(at::mul(y, y), y), -0.5); });
}
Tensor exp(const Tensor& a) {
  const at::Tensor y = at::exp(a.value);
  return function(y, a, [&] { return y; });
}
Tensor exp2(const Tensor& a) {
  const at::Tensor y = at::exp2(a.value);
  return function(y, a, [&] { return at::mul(y, ln_2); });
}
Tensor expm1(const Tensor& a) {
  return function(at::expm1(a.value), a, [&] { return at::exp(a.value); });
}
Tensor log(const Tensor& a) {
  return function(at::log(a.value), a, [&] { return at::reciprocal(a.value); });
}
Tensor log1p(const Tensor& a) {
  return function(at::log1p(a.value), a, [&] { return at::reciprocal(at::add(a.value, 1)); });
}
Tensor tanh(const Tensor& a) {
  const at::Tensor y = at::tanh(a.value);
  return function(y, a, [&] { return at::rsub(at::mul(y, y), 1); });
}
Tensor atan(const Tensor& a) {
  return function(at::atan(a.value), a, [&] { return at::reciprocal(at::add(at::mul(a.value, a.value), 1)); });
}
Tensor erf(const Tensor& a) {
  return function(at::erf(a.value), a, [&] { return density(a.value); });
}
Tensor erfc(const Tensor& a) {
  return function(at::erfc(a.value), a, [&] { return at::neg(density(a.value)); });
}
Tensor reciprocal_gamma(const Tensor& a) {
  const at::Tensor s = at::add(a.value, 1), y = at::exp(at::neg(at::lgamma(s)));
  return function(y, a, [&] { return at::neg(at::mul(y, at::digamma(s))); });
}
Tensor quadruple_root(const Tensor& a) {
  return Tensor(at::exp2(at::add(at::floor(at::mul(at::log2(a.value.detach()), 0.5)), 2)));
}

Tensor full(at::IntArrayRef sizes, double value, const at::TensorOptions& options) {
  return Tensor(at::full(sizes, value, options));
}

}  // namespace smoothact::dual
