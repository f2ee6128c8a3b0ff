// SPDX-License-Identifier: Apache-2.0
// The smooth maximum, its gradient and theirs as graphs of ATen calls: for other devices, for what the kernels do not
// take, and for the third order.
#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/log.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "smooth_max.h"

namespace smoothact {
namespace {

using at::Tensor;

bool extreme(double sharpness) {
  const double k = std::abs(sharpness);
  return !(least_sharpness <= k && k <= most_sharpness);
}

// Of no element: the sum of exponentials is 0, and a mean is none.
std::vector<Tensor> of_nothing(const SmoothMaxCall& c, Inputs in) {
  auto out = allocate(c, in);
  if (c.order() == Order::forward) {
    const bool sum = c.kind() == SmoothMaxKind::logsumexp;
    out[0].fill_(sum ? std::copysign(infinity, -c.sharpness()) : std::numeric_limits<double>::quiet_NaN());
  }
  if (c.order() == Order::double_backward) out[0].zero_();
  return out;
}

// Weights and exponents, as kernels/smooth_max.h has them.
struct Weights {
  Tensor pivot, sum, d, w;
  int64_t dim;
  double k;

  Weights(const SmoothMaxCall& c, const Tensor& self) : dim(c.dim()), k(std::abs(c.sharpness())) {
    const Tensor x = c.sharpness() < 0 ? -self : self;
    pivot = at::amax(x.detach(), dim, true);  // d moves with it, w does not
    const Tensor infinite = at::isinf(pivot);
    const Tensor unequal = at::where(x == pivot, 0.0, -infinity);
    const Tensor finite = x - at::where(infinite, 0.0, pivot);
    const double least = self.scalar_type() == at::kDouble ? -math::Format<double>::tail : -math::Format<float>::tail;
    d = at::clamp(k * at::where(infinite, unequal.to(x.scalar_type()), finite), least);
    const Tensor e = at::exp(d);
    sum = e.sum(dim, true);
    w = e / sum;
  }
  Tensor total(const Tensor& t) const { return (w * t).sum(dim, true); }
};

}  // namespace

bool fused(const SmoothMaxCall& c, Inputs in) { return in.back().numel() > 0 && !extreme(c.sharpness()); }

std::vector<Tensor> smooth_max_composite(const SmoothMaxCall& given, Inputs in) {
  const SmoothMaxCall c = checked(given, in);
  const Tensor& self = in.back();
  if (self.sym_size(c.dim()) == 0) return of_nothing(c, in);
  const auto type = self.scalar_type();
  // An extreme sharpness takes the range of a double.
  const auto wide = type == at::kDouble || extreme(c.sharpness()) ? at::kDouble : at::kFloat;
  const bool boltzmann = c.kind() == SmoothMaxKind::boltzmann;
  const auto row = [&](const Tensor& t) { return (c.keepdim() ? t : t.unsqueeze(c.dim())).to(wide); };
  const auto reduced = [&](const Tensor& t) { return (c.keepdim() ? t : t.squeeze(c.dim())).to(type); };

  const Weights s(c, self.to(wide));
  const Tensor shift = boltzmann ? s.total(s.d) : Tensor();
  if (c.order() == Order::forward) {
    const Tensor sum = c.kind() == SmoothMaxKind::mellowmax ? s.sum / self.sym_size(c.dim()) : s.sum;
    const Tensor y = s.pivot + (boltzmann ? shift : at::log(sum)) / s.k;
    return {reduced(c.sharpness() < 0 ? -y : y)};
  }
  const Tensor slope = boltzmann ? 1 + (s.d - shift) : Tensor(), grad = row(in[in.size() - 2]);
  if (c.order() == Order::backward) return {(grad * (boltzmann ? s.w * slope : s.w)).to(type)};
  const Tensor u = in[0].to(wide), mean = s.total(u), factor = c.sharpness() * grad * s.w;
  if (!boltzmann) return {reduced(mean), (factor * (u - mean)).to(type)};
  const Tensor along = s.total(slope * u);
  return {reduced(along), (factor * ((u - mean) * slope + (u - along))).to(type)};
}

std::vector<Tensor> smooth_max_formulas(const SmoothMaxCall& given, Inputs in) {
  const SmoothMaxCall c = checked(given, in);
  const auto out = smooth_max_composite(c, in), expected = allocate(c, in);
  for (size_t i = 0; i < out.size(); ++i) expected[i].copy_(out[i]);
  return expected;
}

}  // namespace smoothact
