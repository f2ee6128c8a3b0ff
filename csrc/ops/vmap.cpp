// SPDX-License-Identifier: Apache-2.0
// One batching rule for every op: they are pointwise, so a batch dimension moved to the front, and ranks made equal
// behind it, is all they need.
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/PlumbingHelper.h>

#include "gates.h"
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

// A packed gate, or a smooth maximum: the batch dimension in front of all tensors, and its own dim one further.
void packed_rule(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const size_t count = schema.arguments().size(), first = stack->size() - count;
  const auto layer = maybeCurrentDynamicLayer();
  TORCH_CHECK(layer.has_value(), schema.name(), ": called on a batched tensor outside of vmap");
  const int64_t level = layer->layerId();
  c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::FuncTorchBatched);

  size_t tensors = 0;
  std::optional<c10::SymInt> batch;
  const auto at = [&](size_t i) -> c10::IValue& { return (*stack)[first + i]; };
  for (; at(tensors).isTensor(); ++tensors) {
    auto [t, dim] = unwrapTensorAtLevel(at(tensors).toTensor(), level);
    if (dim) batch = t.sym_size(*dim);
  }
  for (size_t i = 0; i < tensors && batch; ++i) {
    auto [t, dim] = unwrapTensorAtLevel(at(i).toTensor(), level);
    if (dim) {
      at(i) = t.movedim(*dim, 0);
    } else {
      auto sizes = t.sym_sizes().vec();
      sizes.insert(sizes.begin(), *batch);
      at(i) = t.expand_symint(sizes);
    }
  }
  if (batch) {
    const int64_t dim = at(tensors).toInt(), rank = at(tensors - 1).toTensor().dim() - 1;
    TORCH_CHECK_INDEX(-rank <= dim && dim < rank, schema.name(),
                      ": Dimension out of range (expected dim to be in range of [", -rank, ", ", rank - 1,
                      "], but got ", dim, ")");
    at(tensors) = dim < 0 ? dim : dim + 1;
  }
  op.callBoxed(stack);
  for (size_t i = stack->size() - schema.returns().size(); i < stack->size() && batch; ++i)
    (*stack)[i] = makeBatched((*stack)[i].toTensor(), 0, level);
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
  for (const auto& op : gate_ops()) {
    if (op->packed)
      m.impl(op->name.c_str(), torch::CppFunction::makeFromBoxedFunction<&packed_rule>());
    else
      rule(op->name);
  }
  rule("_slope");
  rule("fewbit");
  for (const char* suffix : suffixes)
    m.impl((std::string("smooth_max") + suffix).c_str(), torch::CppFunction::makeFromBoxedFunction<&packed_rule>());
}

}  // namespace smoothact
