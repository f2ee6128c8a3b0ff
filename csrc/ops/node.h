// SPDX-License-Identifier: Apache-2.0
// What hand-written autograd nodes share.
#pragma once

#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include "entry.h"
#include "sole.h"

namespace smoothact {

// A node is held by shared_ptr up to torch 2.14 and by intrusive_ptr after: Edge knows which.
template <class N>
auto new_node() {
  using namespace torch::autograd;
  if constexpr (std::is_same_v<decltype(Edge::function), std::shared_ptr<Node>>) {
    return std::shared_ptr<N>(new N(), [](auto* n) { deleteNode(n); });  // found by its argument: gone in 2.15
  } else {
    return c10::make_intrusive<N>();
  }
}

template <class N>
decltype(torch::autograd::Edge::function) owner_of(N* node) {
  if constexpr (std::is_same_v<decltype(torch::autograd::Edge::function), std::shared_ptr<torch::autograd::Node>>)
    return node->shared_from_this();
  else
    return c10::intrusive_ptr<torch::autograd::Node>::reclaim_copy(node);
}

inline bool any_requires_grad(Inputs in) {
  if (!at::GradMode::is_enabled()) return false;
  for (const auto& t : in) {
    if (t.defined() && t.requires_grad()) return true;
  }
  return false;
}
inline bool any_has_tangent(Inputs in) {
  for (const auto& t : in) {
    if (torch::autograd::isFwGradDefined(t)) return true;
  }
  return false;
}

using CompiledBackward = torch::autograd::variable_list (*)(const torch::autograd::variable_list& grads,
                                                            const std::vector<c10::IValue>& packed);

// Has compiled autograd call `function` with what was packed.
inline torch::autograd::variable_list call_compiled(torch::dynamo::autograd::SwapSavedVariables& swap,
                                                    const std::string& name, CompiledBackward function,
                                                    std::vector<at::TypePtr> types,
                                                    const torch::autograd::variable_list& grads,
                                                    torch::dynamo::autograd::PackedArgs&& packed,
                                                    const torch::autograd::edge_list& edges) {
  using namespace torch::dynamo::autograd;
  const auto& compiler = getPyCompilerInterface();
  // A name is bound once in a process; the GIL guards the map.
  static std::unordered_map<std::string, std::string> names;
  auto& bound = names[name];
  if (bound.empty()) bound = compiler->bind_function(swap.get_py_compiler(), name, function, std::move(types));
  const auto metadata =
      IValuePacker<std::vector<std::optional<torch::autograd::InputMetadata>>>::pack(get_input_metadata(edges));
  return compiler->call_function(swap.get_py_compiler(), "apply_functional", bound, grads, std::move(packed).vec(),
                                 metadata);
}

// Call has: most_inputs, inputs(), node_name(), derivatives(grad, needed, inputs); integers and parameters, which are
// all it is made of, and a constructor from both. It may have saves_result(): the result is saved for the last input.
// It may have overwrite(grad, inputs): puts what derivatives gives for the first input in the place of a gradient that
// nobody can see, or tells that it does not.
template <class Call>
struct Derivative : torch::autograd::TraceableFunction {
  static constexpr int most_inputs = Call::most_inputs;
  using Tensors = std::array<at::Tensor, most_inputs>;
  using Needed = std::array<bool, most_inputs>;
  using variable_list = torch::autograd::variable_list;

  Call call;
  std::array<torch::autograd::SavedVariable, most_inputs> saved;

  std::string name() const override { return call.node_name(); }
  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& s : saved) s.reset_data();
  }

  static variable_list backward(const Call& call, const variable_list& grads, const Needed& needed, const Tensors& in) {
    if (!grads[0].defined()) return variable_list(call.inputs());
    return call.derivatives(grads[0], needed, in);
  }

  Needed needed() {
    Needed n{};
    for (int i = 0; i < call.inputs(); ++i) n[i] = task_should_compute_output(i);
    return n;
  }
  bool is_result(int input) const {
    if constexpr (requires { call.saves_result(); })
      return call.saves_result() && input == call.inputs() - 1;
    else
      return false;
  }
  at::Tensor unpack(int input) { return saved[input].unpack(is_result(input) ? owner_of(this) : nullptr); }
  Tensors unpack() {
    Tensors in;
    for (int i = 0; i < call.inputs(); ++i) in[i] = unpack(i);
    return in;
  }
  variable_list apply(variable_list&& grads) override {
    std::lock_guard<std::mutex> lock(mutex_);
    const Tensors in = unpack();
    const Needed n = needed();
    if constexpr (requires { call.overwrite(grads[0], in); }) {
      if (n == Needed{true} && is_sole(grads[0]) && call.overwrite(grads[0], in)) {
        grads.resize(call.inputs());
        return std::move(grads);
      }
    }
    return backward(call, grads, n, in);
  }

  // Compiled autograd calls the static function below with what is packed here.
  void compiled_args(torch::dynamo::autograd::CompiledNodeArgs& args) const override {
    for (int64_t i : call.integers) args.collect(i);
    for (double p : call.parameters) args.collect(p);
    for (int i = 0; i < call.inputs(); ++i) args.collect(saved[i], is_result(i));
  }
  static variable_list backward_packed(const variable_list& grads, const std::vector<c10::IValue>& packed) {
    torch::dynamo::autograd::PackedArgs r(packed);
    const auto needed = r.unpack<Needed>();
    Call call;
    for (int64_t& i : call.integers) i = r.unpack<int64_t>();
    for (double& p : call.parameters) p = r.unpack<double>();
    Tensors in;
    for (int i = 0; i < call.inputs(); ++i) in[i] = r.unpack<at::Tensor>();
    return backward(call, grads, needed, in);
  }
  variable_list apply_with_saved(const variable_list& grads,
                                 torch::dynamo::autograd::SwapSavedVariables& swap) override {
    using namespace torch::dynamo::autograd;
    const int n = call.inputs();
    for (int i = 0; i < n; ++i) swap.before(saved[i]);
    PackedArgs packed;
    packed.pack(needed());
    for (int64_t i : call.integers) packed.pack(i);
    for (double p : call.parameters) packed.pack(p);
    for (int i = 0; i < n; ++i) packed.pack(unpack(i));
    for (int i = 0; i < n; ++i) swap.after(saved[i]);

    std::vector<at::TypePtr> types{IValuePacker<Needed>::packed_type()};
    types.insert(types.end(), call.integers.size(), IValuePacker<int64_t>::packed_type());
    types.insert(types.end(), call.parameters.size(), IValuePacker<double>::packed_type());
    types.insert(types.end(), n, IValuePacker<at::Tensor>::packed_type());
    return call_compiled(swap, name(), backward_packed, std::move(types), grads, std::move(packed), next_edges());
  }
};

template <class Call>
auto record(const Call& call, Inputs in) {
  auto node = new_node<Derivative<Call>>();
  node->call = call;
  node->set_next_edges(torch::autograd::collect_next_edges(in));
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    if (!node->is_result(i)) node->saved[i] = torch::autograd::SavedVariable(in[i], false);
  }
  return node;
}
// Where it saves the result, whose history is set.
template <class Node>
void save_result(const Node& node, const at::Tensor& result) {
  const int last = node->call.inputs() - 1;
  if (node->is_result(last)) node->saved[last] = torch::autograd::SavedVariable(result, true, result.is_view());
}

}  // namespace smoothact
