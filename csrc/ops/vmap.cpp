// SPDX-License-Identifier: Apache-2.0
// One batching rule for every op: they are pointwise, so a batch dimension moved to the front, and ranks made equal
// behind it, is all they need.
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/PlumbingHelper.h>

#include "op.h"

namespace smoothact {
namespace {

using at::Tensor;
using namespace at::functorch;

void pointwise_rule(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const size_t count = schema.arguments().size();
  const auto layer = maybeCurrentDynamicLayer();
  TORCH_CHECK(layer.has_value(), schema.name(), ": called on a batched tensor outside of vmap");
  const int64_t level = layer->layerId();
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);

  struct Unwrapped {
    size_t position;
    Tensor tensor;
    std::optional<int64_t> batch_dim;
    int64_t rank() const { return tensor.dim() - (batch_dim ? 1 : 0); }
  };
  std::vector<Unwrapped> tensors;
  int64_t rank = 0;
  bool batched = false;
  const size_t first = stack->size() - count;
  for (size_t i = 0; i < count; ++i) {
    const auto& argument = (*stack)[first + i];
    if (!argument.isTensor() || !argument.toTensor().defined()) continue;
    auto [t, dim] = unwrapTensorAtLevel(argument.toTensor(), level);
    tensors.push_back({first + i, t, dim});
    rank = std::max(rank, tensors.back().rank());
    batched = batched || dim.has_value();
  }
  for (auto& u : tensors) {
    if (u.batch_dim) {
      Tensor t = u.tensor.movedim(*u.batch_dim, 0);
      if (u.rank() < rank) {
        auto sizes = t.sym_sizes().vec();
        sizes.insert(sizes.begin() + 1, rank - u.rank(), c10::SymInt(1));
        t = t.view_symint(sizes);
      }
      u.tensor = t;
    }
    (*stack)[u.position] = u.tensor;
  }

  op.callBoxed(stack);
  if (!batched) return;
  const size_t returns = schema.returns().size();
  for (size_t i = stack->size() - returns; i < stack->size(); ++i) {
    (*stack)[i] = makeBatched((*stack)[i].toTensor(), 0, level);
  }
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, FuncTorchBatched, m) {
  const auto rule = [&](const std::string& name) {
    m.impl(name.c_str(), torch::CppFunction::makeFromBoxedFunction<&pointwise_rule>());
  };
  for (const auto& op : ops()) {
    for (int o = 0; o < orders; ++o) rule(op->qualified(static_cast<Order>(o)));
    if (op->has_inplace()) rule(op->entry.name + "_");
  }
}

}  // namespace smoothact
