// SPDX-License-Identifier: Apache-2.0
// A tensor with its derivatives by the parameters. Its functions bear ATen's names, so that Composite is written once.
// Differentiation runs forwards: what a formula does not select drops out, however infinite, where backwards it would
// come back as 0 times infinity.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "../kernels/request.h"

namespace smoothact::dual {

struct Tensor {
  at::Tensor value;
  std::array<at::Tensor, most_parameters> slopes{};  // undefined: 0

  Tensor() = default;
  explicit Tensor(at::Tensor value) : value(std::move(value)) {}
  bool defined() const { return value.defined(); }
  at::TensorOptions options() const { return value.options(); }
  Tensor to(at::ScalarType) const;
};

Tensor add(const Tensor&, const Tensor&);
Tensor add(const Tensor&, double);
Tensor sub(const Tensor&, const Tensor&);
Tensor sub(const Tensor&, double);
Tensor rsub(const Tensor&, double);
Tensor mul(const Tensor&, const Tensor&);
Tensor mul(const Tensor&, double);
Tensor div(const Tensor&, const Tensor&);
Tensor div(const Tensor&, double);
Tensor neg(const Tensor&);
Tensor reciprocal(const Tensor&);
Tensor detach(const Tensor&);
inline Tensor add(double a, const Tensor& b) { return add(b, a); }
inline Tensor sub(double a, const Tensor& b) { return rsub(b, a); }
inline Tensor mul(double a, const Tensor& b) { return mul(b, a); }
inline Tensor div(double a, const Tensor& b) { return mul(reciprocal(b), a); }

at::Tensor lt(const Tensor&, const Tensor&);
at::Tensor lt(const Tensor&, double);
at::Tensor le(const Tensor&, const Tensor&);
at::Tensor le(const Tensor&, double);
at::Tensor isnan(const Tensor&);
Tensor where(const at::Tensor& mask, const Tensor&, const Tensor&);
Tensor clamp_min(const Tensor&, double);
Tensor clamp_max(const Tensor&, double);
Tensor copysign(const Tensor&, const Tensor& sign);
Tensor round(const Tensor&);

Tensor sqrt(const Tensor&);
Tensor rsqrt(const Tensor&);
Tensor exp(const Tensor&);
Tensor exp2(const Tensor&);
Tensor expm1(const Tensor&);
Tensor log(const Tensor&);
Tensor log1p(const Tensor&);
Tensor tanh(const Tensor&);
Tensor atan(const Tensor&);
Tensor erf(const Tensor&);
Tensor erfc(const Tensor&);
// 1/Gamma(1 + s)
Tensor reciprocal_gamma(const Tensor&);
// Four times the root of the power of four below a normal number.
Tensor quadruple_root(const Tensor&);

Tensor full(at::IntArrayRef, double, const at::TensorOptions&);

}  // namespace smoothact::dual
