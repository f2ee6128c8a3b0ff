// SPDX-License-Identifier: Apache-2.0
// Differentiation of gates, within the family: a gradient of y, or of its first derivatives, is an op of the next
// order. Third order goes through the formulas on tensors, which ATen differentiates.
#include <ATen/ExpandUtils.h>
#include <torch/csrc/autograd/FunctionsManual.h>
#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include "gates.h"
#include "node.h"

namespace smoothact {
namespace {

using at::Tensor;
using namespace torch::autograd;

constexpr size_t most_inputs = 4;  // of a jvp
using Flags = std::array<bool, most_inputs>;
using Given = std::array<Tensor, most_inputs>;

struct Call {
  const GateOp* op = nullptr;
  Gating gating;

  size_t inputs() const { return op->packed ? 1 + has_grad(op->part) : static_cast<size_t>(inputs_of(op->part)); }
  Tensors run(GatePart part, bool packed, Inputs in) const { return gate_op(part, packed).call(in, gating); }

  // A pair's derivative by grad and by what grad is a gradient of: one direction alone is half the work.
  std::array<Tensor, 2> gradients(const Tensor& grad, const Tensor& gate, const Tensor& up, bool by_gate,
                                  bool by_up) const {
    if (by_gate && by_up) {
      const auto r = run(GatePart::backward, false, {grad, gate, up});
      return {r[0], r[1]};
    }
    if (by_gate) return {run(GatePart::jvp, false, {grad, Tensor(), gate, up})[0], Tensor()};
    if (by_up) return {Tensor(), run(GatePart::jvp, false, {Tensor(), grad, gate, up})[0]};
    return {};
  }
  // The derivative of y along directions of which one or both may be absent.
  Tensor along(const Tensor& v_gate, const Tensor& v_up, const Tensor& gate, const Tensor& up) const {
    return run(GatePart::jvp, false, {v_gate, v_up, gate, up})[0];
  }
  Tensor along_packed(const Tensor& v, const Tensor& x) const {
    const auto d = halves(v, gating), p = halves(x, gating);
    return along(d[0], d[1], p[0], p[1]);
  }

  // By each input, given the gradients of the outputs.
  std::array<Tensor, most_inputs> derivatives(const variable_list& g, const Flags& needed, const Given& in) const {
    const bool any = std::any_of(g.begin(), g.end(), [](const Tensor& t) { return t.defined(); });
    if (!any) return {};
    if (op->packed && op->part == GatePart::forward) return {run(GatePart::backward, true, {g[0], in[0]})[0]};
    if (op->packed) {
      if (!needed[1]) return {along_packed(g[0], in[1])};
      const auto r = run(GatePart::double_backward, true, {g[0], in[0], in[1]});
      return {r[0], r[1]};
    }
    if (op->part == GatePart::forward) {
      const auto r = gradients(g[0], in[0], in[1], needed[0], needed[1]);
      return {r[0], r[1]};
    }
    if (op->part == GatePart::backward) {
      if (!needed[1] && !needed[2]) return {along(g[0], g[1], in[1], in[2])};
      const auto r = run(GatePart::double_backward, false, {g[0], g[1], in[0], in[1], in[2]});
      return {r[0], r[1], r[2]};
    }
    const auto v = gradients(g[0], in[2], in[3], needed[0], needed[1]);
    if (!needed[2] && !needed[3]) return {v[0], v[1]};
    const auto r = run(GatePart::double_backward, false, {in[0], in[1], g[0], in[2], in[3]});
    return {v[0], v[1], r[1], r[2]};
  }

  // Of the outputs, along the inputs' tangents, of which some are absent.
  Tensors tangents(const Given& t, const Given& in) const {
    if (op->part == GatePart::forward)
      return {op->packed ? along_packed(t[0], in[0]) : along(t[0], t[1], in[0], in[1])};
    const int outputs = op->packed ? 1 : 2;
    Tensors out(outputs);
    const auto add = [&](int i, const Tensor& v) { out[i] = out[i].defined() ? out[i] + v : v; };
    if (t[0].defined()) {
      Given with_tangent = in;
      with_tangent[0] = t[0];
      const auto r = op->call({with_tangent.data(), inputs()}, gating);
      for (int i = 0; i < outputs; ++i) add(i, r[i]);
    }
    if (op->packed && t[1].defined()) {
      add(0, run(GatePart::double_backward, true, {t[1], in[0], in[1]})[1]);
    } else if (!op->packed && (t[1].defined() || t[2].defined())) {
      const auto r = run(GatePart::double_backward, false, {t[1], t[2], in[0], in[1], in[2]});
      for (int i = 0; i < outputs; ++i) add(i, r[i + 1]);
    }
    return out;
  }
};

struct GateDerivative : TraceableFunction {
  Call call;
  std::array<SavedVariable, most_inputs> saved;

  std::string name() const override {
    constexpr const char* suffixes[gate_parts] = {"", "Backward", "Jvp", ""};
    return std::string("SmoothactGated") + (call.op->packed ? "Packed" : "") +
           suffixes[static_cast<int>(call.op->part)] + "Backward";
  }
  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& s : saved) s.reset_data();
  }

  static variable_list backward(const Call& call, const variable_list& grads, const Flags& needed, const Given& in) {
    const auto all = call.derivatives(grads, needed, in);
    variable_list out(call.inputs());
    for (size_t i = 0; i < out.size(); ++i) {
      if (!needed[i] || !all[i].defined()) continue;
      out[i] = all[i].sym_sizes().equals(in[i].sym_sizes()) ? all[i] : at::sum_to(all[i], in[i].sym_sizes());
    }
    return out;
  }
  Flags needed() {
    Flags n{};
    for (size_t i = 0; i < call.inputs(); ++i) n[i] = task_should_compute_output(i);
    return n;
  }
  variable_list apply(variable_list&& grads) override {
    std::lock_guard<std::mutex> lock(mutex_);
    Given in;
    for (size_t i = 0; i < call.inputs(); ++i) in[i] = saved[i].unpack();
    return backward(call, grads, needed(), in);
  }

  // What makes a compiled call another, in one order for all who list it.
  template <class F>
  static void each_field(Call& call, const F& visit) {
    Gating& g = call.gating;
    int64_t part = call.op ? static_cast<int64_t>(call.op->part) : 0, activation = g.activation;
    int64_t layout = static_cast<int64_t>(g.layout);
    bool packed = call.op && call.op->packed;
    visit(part);
    visit(packed);
    visit(activation);
    for (double& p : g.parameters) visit(p);
    visit(g.limit);
    visit(g.offset);
    visit(g.dim);
    visit(layout);
    call.op = &gate_op(static_cast<GatePart>(part), packed);
    g.activation = static_cast<int>(activation);
    g.layout = static_cast<Layout>(layout);
  }

  void compiled_args(torch::dynamo::autograd::CompiledNodeArgs& args) const override {
    Call copy = call;
    each_field(copy, [&](const auto& field) { args.collect(field); });
    for (size_t i = 0; i < call.inputs(); ++i) args.collect(saved[i], false);
  }
  static variable_list backward_packed(const variable_list& grads, const std::vector<c10::IValue>& packed) {
    torch::dynamo::autograd::PackedArgs r(packed);
    const auto needed = r.unpack<Flags>();
    Call call;
    each_field(call, [&]<class T>(T& field) { field = r.unpack<T>(); });
    Given in;
    for (size_t i = 0; i < call.inputs(); ++i) in[i] = r.unpack<std::optional<Tensor>>().value_or(Tensor());
    return backward(call, grads, needed, in);
  }
  variable_list apply_with_saved(const variable_list& grads,
                                 torch::dynamo::autograd::SwapSavedVariables& swap) override {
    using namespace torch::dynamo::autograd;
    const size_t n = call.inputs();
    PackedArgs packed;
    std::vector<at::TypePtr> types{IValuePacker<Flags>::packed_type()};
    packed.pack(needed());
    each_field(call, [&]<class T>(T& field) {
      packed.pack(field);
      types.push_back(IValuePacker<T>::packed_type());
    });
    for (size_t i = 0; i < n; ++i) swap.before(saved[i]);
    for (size_t i = 0; i < n; ++i) {
      const Tensor t = saved[i].unpack();
      packed.pack(t.defined() ? std::optional(t) : std::nullopt);
    }
    for (size_t i = 0; i < n; ++i) swap.after(saved[i]);
    types.insert(types.end(), n, IValuePacker<std::optional<Tensor>>::packed_type());
    return call_compiled(swap, name(), backward_packed, std::move(types), grads, std::move(packed), next_edges());
  }
};

Tensors autograd(const GateOp& op, c10::DispatchKeySet ks, Inputs in, const Gating& gating) {
  const bool grad = any_requires_grad(in), forward_ad = any_has_tangent(in);
  const bool last = op.part == GatePart::double_backward || (op.part == GatePart::jvp && forward_ad);
  if (last && (grad || forward_ad)) return composite_gate(op, ks, in, gating);

  decltype(new_node<GateDerivative>()) node;
  if (grad) {
    node = new_node<GateDerivative>();
    node->call = {&op, gating};
    edge_list edges;
    for (const auto& t : in) edges.push_back(t.defined() ? torch::autograd::impl::gradient_edge(t) : Edge());
    node->set_next_edges(std::move(edges));
    for (size_t i = 0; i < in.size(); ++i) node->saved[i] = SavedVariable(in[i], false);
  }
  Tensors out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = op.redispatch(ks & c10::after_autograd_keyset, in, gating);
  }
  if (node) {
    for (const auto& t : out) set_history(t, node);
  }
  if (forward_ad) {
    Given primals, tangents;
    for (size_t i = 0; i < in.size(); ++i) {
      if (!in[i].defined()) continue;
      primals[i] = in[i]._fw_primal(0);
      if (isFwGradDefined(in[i])) tangents[i] = in[i]._fw_grad(0);
    }
    const Tensors t = Call{&op, gating}.tangents(tangents, primals);
    for (size_t i = 0; i < out.size(); ++i) {
      const bool same = t[i].sym_sizes().equals(out[i].sym_sizes());
      out[i]._set_fw_grad(same ? t[i] : t[i].expand_symint(out[i].sym_sizes()), 0, false);
    }
  }
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, Autograd, m) {
  for (const auto& op : gate_ops()) op->implement(m, autograd);
}

}  // namespace smoothact
