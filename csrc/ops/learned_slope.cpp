// SPDX-License-Identifier: Apache-2.0
// f' beside parameters that are tensors, as an op that knows its derivatives: ATen's of the formula would be that of
// |x| at 0, where it has none, and at a kink that of whichever branch was taken.
#include <ATen/ExpandUtils.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/zeros_like.h>
#include <torch/library.h>

#include "learned.h"
#include "node.h"

namespace smoothact {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
static_assert(most_parameters == 4);  // as many as the op has arguments

// self, and the parameters that there are.
struct SlopeCall {
  static constexpr int most_inputs = 1 + most_parameters;
  using Tensors = std::array<Tensor, most_inputs>;
  using Needed = std::array<bool, most_inputs>;

  std::array<int64_t, 1> integers{};  // activation
  std::array<double, 0> parameters{};

  int inputs() const { return most_inputs; }
  std::string node_name() const { return "SmoothactSlopeBackward"; }
  const LearnedFormulas& formulas() const { return learned_formulas(static_cast<int>(integers[0])); }

  // Undefined where it is 0 everywhere.
  Tensor derivative(int i, const Tensors& in) const {
    std::array<dual::Tensor, most_parameters> p;
    for (int k = 0; k < most_parameters; ++k) p[k] = dual::Tensor(in[k + 1]);
    if (i == 0) return formulas().d2f(in[0], p.data()).value;
    p[i - 1].slopes[i - 1] = at::ones_like(in[i]);
    return formulas().df(at::clamp(in[0], -farthest, farthest), p.data()).slopes[i - 1];
  }
  std::vector<Tensor> derivatives(const Tensor& grad, const Needed& needed, const Tensors& in) const {
    std::vector<Tensor> out(inputs());
    for (int i = 0; i < inputs(); ++i) {
      if (!needed[i] || !in[i].defined()) continue;
      const Tensor d = derivative(i, in);
      out[i] = d.defined() ? at::sum_to(grad * d, in[i].sym_sizes()) : at::zeros_like(in[i]);
    }
    return out;
  }
};

Tensor slope_value(const Tensor& self, const Optional& p0, const Optional& p1, const Optional& p2, const Optional& p3,
                   int64_t activation) {
  std::array<dual::Tensor, most_parameters> p;
  // A batch may be the parameters' alone.
  std::vector<c10::SymInt> sizes = self.sym_sizes().vec();
  int i = 0;
  for (const Optional* q : {&p0, &p1, &p2, &p3}) {
    p[i++] = dual::Tensor(q->value_or(Tensor()));
    if (q->has_value()) sizes = at::infer_size_symint((*q)->sym_sizes(), sizes);
  }
  const Tensor y = learned_formulas(static_cast<int>(activation)).df(self, p.data()).value;
  return y.sym_sizes().equals(sizes) ? y : y.expand_symint(sizes).clone();
}

auto op() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("smoothact::_slope", "").typed<decltype(slope_value)>();
  return handle;
}

Tensor slope_autograd(c10::DispatchKeySet ks, const Tensor& self, const Optional& p0, const Optional& p1,
                      const Optional& p2, const Optional& p3, int64_t activation) {
  SlopeCall call;
  call.integers[0] = activation;
  SlopeCall::Tensors in{self};
  int i = 1;
  for (const Optional* q : {&p0, &p1, &p2, &p3}) in[i++] = q->value_or(Tensor());
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = op().redispatch(ks & c10::after_autograd_keyset, self, p0, p1, p2, p3, activation);
  }
  if (any_requires_grad(in)) torch::autograd::set_history(out, record(call, in));
  Tensor tangent;
  SlopeCall::Tensors primals;
  for (i = 0; i < call.inputs(); ++i) primals[i] = in[i].defined() ? in[i]._fw_primal(0) : Tensor();
  for (i = 0; i < call.inputs(); ++i) {
    if (!in[i].defined() || !torch::autograd::isFwGradDefined(in[i])) continue;
    const Tensor d = call.derivative(i, primals);
    if (!d.defined()) continue;
    const Tensor t = d * in[i]._fw_grad(0);
    tangent = tangent.defined() ? tangent + t : t;
  }
  if (tangent.defined()) out._set_fw_grad(tangent.expand_symint(out.sym_sizes()), 0, false);
  return out;
}

// By what stands behind a batch too, which does not show.
bool may_be_differentiated(Inputs in) {
  return any_requires_grad(in) || any_has_tangent(in) || std::any_of(in.begin(), in.end(), [](const Tensor& t) {
           return t.defined() && t.key_set().has(c10::DispatchKey::FuncTorchBatched);
         });
}

}  // namespace

Tensor learned_slope(int activation, const Tensor& x, const dual::Tensor* parameters) {
  std::array<Tensor, 1 + most_parameters> in{x};
  std::array<Optional, most_parameters> p;
  for (int i = 0; i < most_parameters; ++i) {
    in[i + 1] = parameters[i].value;
    if (parameters[i].defined()) p[i] = parameters[i].value;
  }
  if (may_be_differentiated(in)) return op().call(x, p[0], p[1], p[2], p[3], activation);
  return learned_formulas(activation).df(x, parameters).value;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  m.def("_slope(Tensor self, Tensor? p0, Tensor? p1, Tensor? p2, Tensor? p3, int activation) -> Tensor",
        {at::Tag::pt2_compliant_tag});
}
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { m.impl("_slope", &slope_value); }
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) { m.impl("_slope", &slope_autograd); }

}  // namespace smoothact
