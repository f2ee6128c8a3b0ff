// SPDX-License-Identifier: Apache-2.0
// Differentiation, written once. An op of any order is out = (product of gradients) * f^(k)(x), linear in every
// gradient: its derivative by a gradient is the same op with that gradient replaced, its derivative by x the op of the
// next order with one more gradient. The same rule read forwards is the jvp.
#include <ATen/ExpandUtils.h>
#include <ATen/TensorOperators.h>

#include "node.h"
#include "op.h"

namespace smoothact {
namespace {

using at::Tensor;
using namespace torch::autograd;

struct Call {
  static constexpr int most_inputs = 2;  // third order goes through the composite
  using Tensors = std::array<Tensor, most_inputs>;

  std::array<int64_t, 2> integers{};
  Parameters parameters{};

  Call() = default;
  Call(const Op& op, Order order, const Parameters& p) : integers{op.id, static_cast<int64_t>(order)}, parameters(p) {}

  const Op& op() const { return *ops()[integers[0]]; }
  Order order() const { return static_cast<Order>(integers[1]); }
  int inputs() const { return inputs_of(order()); }
  bool saves_result() const {
    return order() == Order::forward && op().entry.descriptor->slope_of_result &&
           std::all_of(parameters.begin(), parameters.end(), [](double p) { return !(p < 0); });
  }
  std::string node_name() const {
    std::string n = "Smoothact" + std::string(op().entry.descriptor->module) + "Backward";
    return order() == Order::forward ? n : n + "Backward";
  }

  // The product of `v` with the derivative by input i.
  Tensor derivative(int i, const Tensor& v, const Tensors& in) const {
    std::array<Tensor, most_inputs + 1> args;
    if (i < inputs() - 1) {
      for (int k = 0; k < inputs(); ++k) args[k] = k == i ? v : in[k];
      return op().call(order(), {args.data(), static_cast<size_t>(inputs())}, parameters);
    }
    args[0] = v;
    for (int k = 0; k < inputs(); ++k) args[k + 1] = in[k];
    const auto next = static_cast<Order>(static_cast<int>(order()) + 1);
    return op().call(next, {args.data(), static_cast<size_t>(inputs() + 1)}, parameters);
  }
  variable_list derivatives(const Tensor& grad, const std::array<bool, most_inputs>& needed, const Tensors& in) const {
    variable_list out(inputs());
    for (int i = 0; i < inputs(); ++i) {
      if (!needed[i]) continue;
      out[i] = derivative(i, grad, in);
      if (!out[i].sym_sizes().equals(in[i].sym_sizes())) out[i] = at::sum_to(out[i], in[i].sym_sizes());
    }
    return out;
  }
  // x that is no plain tensor either goes through the dispatcher.
  bool overwrite(const Tensor& grad, const Tensors& in) const {
    return order() == Order::forward && is_plain(in[0]) && compute_over_grad(op().entry, grad, in[0], parameters);
  }
};

// The tangent of a call: its derivative along each input that has one.
Tensor tangent(const Op& op, Order order, Inputs in, const Parameters& p) {
  const Call call(op, order, p);
  Call::Tensors primals;
  for (size_t i = 0; i < in.size(); ++i) primals[i] = in[i]._fw_primal(0);
  Tensor sum;
  for (size_t i = 0; i < in.size(); ++i) {
    if (!isFwGradDefined(in[i])) continue;
    const Tensor t = call.derivative(static_cast<int>(i), in[i]._fw_grad(0), primals);
    sum = sum.defined() ? sum + t : t;
  }
  return sum;
}

Tensor autograd(const Op& op, c10::DispatchKeySet ks, Order order, Inputs in, const Parameters& p) {
  const bool grad = any_requires_grad(in), forward_ad = any_has_tangent(in);
  // Third order and beyond: ATen differentiates the composite.
  if (order == Order::double_backward && (grad || forward_ad)) return composite(op.entry, order, in, p);

  using Pointer = decltype(record(Call(), in));
  const Pointer node = grad ? record(Call(op, order, p), in) : Pointer();
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = op.redispatch(ks & c10::after_autograd_keyset, order, in, p);
  }
  if (node) set_history(out, node);
  if (forward_ad) {
    const Tensor t = tangent(op, order, in, p);
    out._set_fw_grad(t.sym_sizes().equals(out.sym_sizes()) ? t : t.expand_symint(out.sym_sizes()), 0, false);
  }
  if (node) save_result(node, out);
  return out;
}

void autograd_inplace(const Op& op, c10::DispatchKeySet ks, const Tensor& self, const Parameters& p) {
  const bool grad = any_requires_grad(self), forward_ad = any_has_tangent(self);
  check_inplace(self, grad);
  decltype(record(Call(), self)) node;
  if (grad || forward_ad) {
    const Call call(op, Order::forward, p);
    // Backward needs x, which is about to be overwritten.
    const Tensor x = call.saves_result() && !forward_ad ? self : self.clone();
    if (grad) {
      node = record(call, self);
      if (!call.saves_result()) node->saved[0] = SavedVariable(x, false);
    }
    if (forward_ad) self._set_fw_grad(self._fw_grad(0).copy_(tangent(op, Order::forward, x, p)), 0, true);
  }
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    op.redispatch_inplace(ks & c10::after_autograd_keyset, self, p);
  }
  torch::autograd::impl::bump_version(self);
  if (node) {
    rebase_history(self, node);
    save_result(node, self);
  }
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, Autograd, m) {
  for (const auto& op : ops()) {
    op->implement(m, autograd);
    if (op->has_inplace()) op->implement_inplace(m, autograd_inplace);
  }
}

}  // namespace smoothact
