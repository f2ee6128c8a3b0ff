// SPDX-License-Identifier: Apache-2.0
// What the ops on tensors for parameters compute, as graphs of ATen calls.
#include "learned.h"

#include <ATen/TensorOperators.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/VariableTypeUtils.h>

#include "gradients.h"
#include "learned_packed.h"
#include "op.h"

namespace smoothact {
namespace {

using at::Tensor;

std::vector<LearnedFormulas>& table() {
  static std::vector<LearnedFormulas> t(entries().size());
  return t;
}

Tensor both(const Tensor& a, const Tensor& b) { return a.defined() ? at::logical_and(a, b) : b; }

// self, or self + bias, whose sum is rounded as the type that is computed in rounds it. A factor follows: nothing is
// rounded before.
Tensor shifted(const LearnedCall& c, Inputs in) {
  const Tensor& bias = in[c.bias()];
  if (bias.defined()) return plus_bias(in[0], bias, c.dim());
  return in[c.up()].defined() ? in[0].to(computed_type(in[0].scalar_type())) : in[0];
}

// Of an activation without parameters the formulas know no tensors for them.
bool has_parameters(const LearnedCall& c) { return c.entry().descriptor->parameters.size > 0; }
dual::Tensor value(const LearnedCall& c, const Tensor& x, const dual::Tensor* p) {
  return has_parameters(c) ? learned_formulas(c.integers[0]).f(x, p)
                           : dual::Tensor(composite(c.entry(), Order::forward, x, {}));
}
Tensor slope(const LearnedCall& c, const Tensor& x, const dual::Tensor* p) {
  return has_parameters(c) ? learned_slope(c.integers[0], x, p)
                           : composite(c.entry(), Order::backward, {at::ones_like(x), x}, {});
}

// What is computed of self, by the activation's own op, which knows its derivatives, if all parameters are numbers that
// can be read.
struct Numbers {
  Tensor x;
  Parameters p{};
  bool all = true;

  Numbers(const LearnedCall& c, Inputs in) {
    for (int i = 1; i < c.bias() && all; ++i) {
      const Tensor& t = in[i];
      p[i - 1] = infinity;
      if (!t.defined()) continue;
      all = !at::isTensorSubclassLike(t) && !t.is_meta() && t.numel() == 1 && !t.requires_grad() &&
            !torch::autograd::isFwGradDefined(t);
      if (all) p[i - 1] = t.item<double>();
    }
    all = all && takes_parameters(c.entry(), p);
    if (all) x = shifted(c, in);
  }
  // Of x's dtype.
  Tensor value(const LearnedCall& c) const { return op_of(c.integers[0]).call(Order::forward, x, p); }
  Tensor slope(const LearnedCall& c, const Tensor& factor) const {
    return op_of(c.integers[0]).call(Order::backward, {factor.to(x.scalar_type()).expand_symint(x.sym_sizes()), x}, p);
  }
};

// Parameters in double, and where they are in their domains. A tensor's values cannot be looked at without waiting for
// its device, nor while they are traced.
struct Prepared {
  Tensor x, valid;
  std::array<dual::Tensor, most_parameters> p{};

  Prepared(const LearnedCall& c, Inputs in, const LearnedCall::Needed& needed) : x(shifted(c, in).to(at::kDouble)) {
    const Descriptor& d = *c.entry().descriptor;
    for (int i = 0; i < d.parameters.size; ++i) {
      if (!in[i + 1].defined()) continue;
      const Tensor t = beside(in[0], in[i + 1].to(at::kDouble), c.dim());
      p[i] = dual::Tensor(t);
      if (needed[i + 1]) p[i].slopes[i] = at::ones_like(t);
      restrict(t, d.parameters.items[i].domain);
      if (d.ascending && i > 0) valid = both(valid, p[i - 1].value < t);
    }
  }
  // NaN where a parameter is outside its domain, of the shape of x.
  Tensor finish(const Tensor& y) const {
    const Tensor z = valid.defined() ? at::where(valid, y, std::numeric_limits<double>::quiet_NaN()) : y;
    return z.sym_sizes().equals(x.sym_sizes()) ? z : z.expand_symint(x.sym_sizes());
  }

 private:
  void restrict(const Tensor& t, Domain domain) {
    if (domain == Domain::nonnegative) valid = both(valid, t >= 0);
    if (domain == Domain::positive) valid = both(valid, t > 0);
    if (domain == Domain::exponent) valid = both(both(valid, t >= 1), t <= most_exponent);
  }
};

Tensor times_slope(const LearnedCall& c, const Tensor& factor, Inputs in) {
  if (const Numbers numbers(c, in); numbers.all) return numbers.slope(c, factor);
  const Prepared prepared(c, in, {});
  return factor.to(at::kDouble) * prepared.finish(slope(c, prepared.x, prepared.p.data()));
}

// What f gains with each parameter.
struct Slopes {
  const Prepared& prepared;
  dual::Tensor y;

  Slopes(const LearnedCall& c, const Prepared& prepared)
      : prepared(prepared), y(value(c, at::clamp(prepared.x, -farthest, farthest), prepared.p.data())) {}

  // Undefined where there is none.
  Tensor by(int parameter) const {
    if (!y.slopes[parameter].defined()) return {};
    const Tensor &x = prepared.x, s = prepared.finish(y.slopes[parameter]);
    const Tensor infinite = at::copysign(at::full_like(s, infinity), s.detach());
    const Tensor unbounded = at::logical_and(at::isinf(x), s.abs() > farthest * 1e-10);
    return at::where(at::isnan(x), x, at::where(unbounded, infinite, s));
  }
};

// f of self alone, in the type that is computed in or in double.
Tensor inner_value(const LearnedCall& c, Inputs in) {
  if (const Numbers numbers(c, in); numbers.all) return numbers.value(c);
  const Prepared prepared(c, in, {});
  return prepared.finish(value(c, prepared.x, prepared.p.data()).value);
}

// Its derivative along the tangents, undefined where there are none.
Tensor inner_tangent(const LearnedCall& c, Inputs in, Inputs tangents) {
  LearnedCall::Needed needed{};
  for (int i = 0; i < c.up(); ++i) needed[i] = tangents[i].defined();
  Tensor along;
  if (needed[0]) along = tangents[0].to(at::kDouble);
  if (needed[c.bias()]) {
    const Tensor t = beside(in[0], tangents[c.bias()].to(at::kDouble), c.dim());
    along = along.defined() ? along + t : t;
  }
  if (std::none_of(needed.begin() + 1, needed.begin() + c.bias(), [](bool n) { return n; }))
    return along.defined() ? times_slope(c, along, in) : along;
  const Prepared prepared(c, in, needed);
  Tensor sum = at::zeros({}, prepared.x.options());
  if (along.defined()) sum = prepared.finish(slope(c, prepared.x, prepared.p.data())) * along;
  const Slopes slopes(c, prepared);
  for (int i = 1; i < c.bias(); ++i) {
    if (!needed[i]) continue;
    const Tensor slope = slopes.by(i - 1);
    if (slope.defined()) sum = sum + slope * beside(in[0], tangents[i].to(at::kDouble), c.dim());
  }
  return sum;
}

}  // namespace

void add_learned_formulas(int activation, const LearnedFormulas& f) { table()[activation] = f; }
const LearnedFormulas& learned_formulas(int activation) { return table()[activation]; }

void check_learned(const LearnedCall& c, Inputs in, const Tensor* grad) {
  const Entry& e = c.entry();
  const Tensor& self = in[0];
  check_input(e, grad ? Order::backward : Order::forward, self);
  if (grad) {
    check_tensor(*grad, [&] { return e.name + "_backward: grad"; });
    check_grad([&] { return e.name + "_backward"; }, *grad, self, self.sym_sizes(), "self");
  }
  if (const Tensor& up = in[c.up()]; up.defined()) {
    check_tensor(up, [&] { return e.name + ": up"; });
    TORCH_CHECK_TYPE(up.scalar_type() == self.scalar_type(), "smoothact::", e.name,
                     ": expected up to have the dtype of self (", self.scalar_type(), "), got ", up.scalar_type());
    TORCH_CHECK(up.device() == self.device(), "smoothact::", e.name, ": expected up to be on the device of self (",
                self.device(), "), got ", up.device());
    TORCH_CHECK_VALUE(up.sym_sizes().equals(self.sym_sizes()), "smoothact::", e.name,
                      ": expected up to have the shape of self (", self.sym_sizes(), "), got ", up.sym_sizes());
  }
  for (int i = 1; i <= c.bias(); ++i) {
    const auto q = i == c.bias() ? Parameter{.name = "bias", .optional = true} : e.descriptor->parameters.items[i - 1];
    const Tensor& p = in[i];
    if (!p.defined()) {
      TORCH_CHECK_TYPE(q.optional, "smoothact::", e.name, ": expected ", q.name, " to be a Tensor, got None");
      continue;
    }
    check_channelwise(e.name, q.name, p, self, "self", c.dim());
  }
}

Tensor learned_tangent(const LearnedCall& c, Inputs in, Inputs tangents) {
  if (c.packed()) {
    const LearnedHalves h(c, in);
    LearnedCall::Tensors t;
    std::copy(tangents.begin(), tangents.end(), t.begin());
    if (t[0].defined()) std::tie(t[0], t[c.up()]) = std::tuple_cat(h.of(tangents[0]));
    return learned_tangent(h.call, h.inputs(), {t.data(), tangents.size()});
  }
  Tensor t = inner_tangent(c, in, tangents);
  if (in[c.up()].defined() && t.defined()) t = t * in[c.up()];
  if (tangents[c.up()].defined()) {
    const Tensor by_up = inner_value(c, in) * tangents[c.up()];
    t = t.defined() ? t + by_up : by_up;
  }
  return t.expand_symint(in[0].sym_sizes()).to(in[0].scalar_type());
}

namespace {

Tensor value(const LearnedCall& c, Inputs in) {
  check_learned(c, in);
  const Tensor y = inner_value(c, in), &up = in[c.up()];
  return (up.defined() ? y * up : y).to(in[0].scalar_type());
}

std::vector<Tensor> gradients(const LearnedCall& c, const Tensor& grad, Inputs in, const LearnedCall::Needed& needed) {
  check_learned(c, in, &grad);
  std::vector<Tensor> out(c.inputs());
  const Tensor& up = in[c.up()];
  // f' meets one factor at a time: see Gated of order.h.
  const auto times_grad = [&](const Tensor& t) { return (up.defined() ? t * up : t) * grad.to(at::kDouble); };
  if (needed[0] || needed[c.bias()]) {
    const Tensor by_x = up.defined() ? times_slope(c, up, in) * grad.to(at::kDouble) : times_slope(c, grad, in);
    if (needed[0]) out[0] = by_x.to(in[0].scalar_type());
    if (in[c.bias()].defined() && needed[c.bias()])
      out[c.bias()] = reduced(by_x.to(at::kDouble), in[0], in[c.bias()], c.dim());
  }
  if (up.defined() && needed[c.up()]) out[c.up()] = (inner_value(c, in) * grad.to(at::kDouble)).to(up.scalar_type());
  if (std::none_of(needed.begin() + 1, needed.begin() + c.bias(), [](bool n) { return n; })) return out;
  const Prepared prepared(c, in, needed);
  const Slopes slopes(c, prepared);
  for (int i = 1; i < c.bias(); ++i) {
    if (!needed[i] || !in[i].defined()) continue;
    const Tensor slope = slopes.by(i - 1);
    out[i] = slope.defined() ? reduced(times_grad(slope), in[0], in[i], c.dim()) : at::zeros_like(in[i]);
  }
  return out;
}

}  // namespace

std::vector<Tensor> learned_composite(const LearnedCall& c, const Tensor& grad, Inputs in,
                                      const LearnedCall::Needed& needed) {
  const LearnedHalves h(c, in, needed);
  if (!grad.defined()) return {value(h.call, h.inputs())};
  return h.packed(gradients(h.call, grad, h.inputs(), h.needed));
}

}  // namespace smoothact
