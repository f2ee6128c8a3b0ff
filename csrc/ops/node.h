// SPDX-License-Identifier: Apache-2.0
// What hand-written autograd nodes share.
#pragma once

#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include "entry.h"

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

}  // namespace smoothact
