// SPDX-License-Identifier: Apache-2.0
// Differentiation, written once. An op of any order is out = (product of gradients) * f^(k)(x), linear in every
// gradient: its derivative by a gradient is the same op with that gradient replaced, its derivative by x the op of the
// next order with one more gradient. The same rule read forwards is the jvp.
#include <ATen/ExpandUtils.h>
#include <torch/csrc/autograd/FunctionsManual.h>
#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include "node.h"
#include "op.h"

namespace smoothact {
namespace {

using at::Tensor;
using namespace torch::autograd;

constexpr int most_inputs = 2;  // third order goes through the composite

struct Call {
  const Op* op = nullptr;
  Order order = Order::forward;
  Parameters parameters{};

  int inputs() const { return inputs_of(order); }
  // The product of `v` with the derivative by input i.
  Tensor derivative(int i, const Tensor& v, const std::array<Tensor, most_inputs>& in) const {
    std::array<Tensor, most_inputs + 1> args;
    if (i < inputs() - 1) {
      for (int k = 0; k < inputs(); ++k) args[k] = k == i ? v : in[k];
      return op->call(order, {args.data(), static_cast<size_t>(inputs())}, parameters);
    }
    args[0] = v;
    for (int k = 0; k < inputs(); ++k) args[k + 1] = in[k];
    const auto next = static_cast<Order>(static_cast<int>(order) + 1);
    return op->call(next, {args.data(), static_cast<size_t>(inputs() + 1)}, parameters);
  }
};

struct Derivative : TraceableFunction {
  Call call;
  std::array<SavedVariable, most_inputs> saved;

  std::string name() const override {
    std::string n = "Smoothact" + std::string(call.op->entry.descriptor->module) + "Backward";
    return call.order == Order::forward ? n : n + "Backward";
  }
  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& s : saved) s.reset_data();
  }

  static variable_list backward(const Call& call, const variable_list& grads,
                                const std::array<bool, most_inputs>& needed,
                                const std::array<Tensor, most_inputs>& in) {
    variable_list out(call.inputs());
    if (!grads[0].defined()) return out;
    for (int i = 0; i < call.inputs(); ++i) {
      if (!needed[i]) continue;
      out[i] = call.derivative(i, grads[0], in);
      if (!out[i].sym_sizes().equals(in[i].sym_sizes())) out[i] = at::sum_to(out[i], in[i].sym_sizes());
    }
    return out;
  }

  std::array<bool, most_inputs> needed() {
    std::array<bool, most_inputs> n{};
    for (int i = 0; i < call.inputs(); ++i) n[i] = task_should_compute_output(i);
    return n;
  }
  std::array<Tensor, most_inputs> unpack() {
    std::array<Tensor, most_inputs> in;
    for (int i = 0; i < call.inputs(); ++i) in[i] = saved[i].unpack();
    return in;
  }
  variable_list apply(variable_list&& grads) override {
    std::lock_guard<std::mutex> lock(mutex_);
    return backward(call, grads, needed(), unpack());
  }

  // Compiled autograd calls the static function below with what is packed here.
  void compiled_args(torch::dynamo::autograd::CompiledNodeArgs& args) const override {
    args.collect(static_cast<int64_t>(call.op->id));
    args.collect(static_cast<int64_t>(call.order));
    for (double p : call.parameters) args.collect(p);
    for (int i = 0; i < call.inputs(); ++i) args.collect(saved[i], false);
  }
  static variable_list backward_packed(const variable_list& grads, const std::vector<c10::IValue>& packed) {
    torch::dynamo::autograd::PackedArgs r(packed);
    const auto needed = r.unpack<std::array<bool, most_inputs>>();
    Call call;
    call.op = ops()[r.unpack<int64_t>()].get();
    call.order = static_cast<Order>(r.unpack<int64_t>());
    for (double& p : call.parameters) p = r.unpack<double>();
    std::array<Tensor, most_inputs> in;
    for (int i = 0; i < call.inputs(); ++i) in[i] = r.unpack<Tensor>();
    return backward(call, grads, needed, in);
  }
  variable_list apply_with_saved(const variable_list& grads,
                                 torch::dynamo::autograd::SwapSavedVariables& swap) override {
    using namespace torch::dynamo::autograd;
    const int n = call.inputs();
    for (int i = 0; i < n; ++i) swap.before(saved[i]);
    PackedArgs packed;
    packed.pack(needed());
    packed.pack(static_cast<int64_t>(call.op->id));
    packed.pack(static_cast<int64_t>(call.order));
    for (double p : call.parameters) packed.pack(p);
    for (int i = 0; i < n; ++i) packed.pack(saved[i].unpack());
    for (int i = 0; i < n; ++i) swap.after(saved[i]);

    std::vector<at::TypePtr> types{IValuePacker<std::array<bool, most_inputs>>::packed_type(),
                                   IValuePacker<int64_t>::packed_type(), IValuePacker<int64_t>::packed_type()};
    types.insert(types.end(), most_parameters, IValuePacker<double>::packed_type());
    types.insert(types.end(), n, IValuePacker<Tensor>::packed_type());
    return call_compiled(swap, name(), backward_packed, std::move(types), grads, std::move(packed), next_edges());
  }
};

using DerivativePtr = decltype(new_node<Derivative>());

DerivativePtr record(const Op& op, Order order, Inputs in, const Parameters& p) {
  auto node = new_node<Derivative>();
  node->call = {&op, order, p};
  node->set_next_edges(collect_next_edges(in));
  for (size_t i = 0; i < in.size(); ++i) node->saved[i] = SavedVariable(in[i], false);
  return node;
}

// The tangent of a call: its derivative along each input that has one.
Tensor tangent(const Op& op, Order order, Inputs in, const Parameters& p) {
  const Call call{&op, order, p};
  std::array<Tensor, most_inputs> primals;
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

  const DerivativePtr node = grad ? record(op, order, in, p) : DerivativePtr();
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
  return out;
}

void autograd_inplace(const Op& op, c10::DispatchKeySet ks, const Tensor& self, const Parameters& p) {
  const bool grad = any_requires_grad(self), forward_ad = any_has_tangent(self);
  check_inplace(self, grad);
  DerivativePtr node;
  if (grad || forward_ad) {
    // Backward needs x, which is about to be overwritten.
    const Tensor x = self.clone();
    if (grad) {
      node = record(op, Order::forward, self, p);
      node->saved[0] = SavedVariable(x, false);
    }
    if (forward_ad) self._set_fw_grad(self._fw_grad(0).copy_(tangent(op, Order::forward, x, p)), 0, true);
  }
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    op.redispatch_inplace(ks & c10::after_autograd_keyset, self, p);
  }
  torch::autograd::impl::bump_version(self);
  if (node) rebase_history(self, node);
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, Autograd, m) {
  for (const auto& op : ops()) {
    op->implement(m, autograd);
    if (op->has_inplace()) op->implement_inplace(m, autograd_inplace);
  }
}

}  // namespace smoothact
