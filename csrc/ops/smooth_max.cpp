// SPDX-License-Identifier: Apache-2.0
#include "smooth_max.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <torch/library.h>

#include <cmath>

#include "node.h"

namespace smoothact {
namespace {

using at::Tensor;
using torch::jit::Stack;
using Results = std::vector<Tensor>;

constexpr const char* input_names[orders][orders] = {{"self"}, {"grad", "self"}, {"grad_grad", "grad", "self"}};

SmoothMaxKind kind_of(const std::string& op, std::string_view name) {
  for (int i = 0; i < 3; ++i) {
    if (name == smooth_max_kinds[i]) return static_cast<SmoothMaxKind>(i);
  }
  TORCH_CHECK_VALUE(false, "smoothact::", op, ": kind must be 'logsumexp', 'mellowmax' or 'boltzmann', got '", name,
                    "'");
}

// What the stack holds for an op.
struct Arguments {
  SmoothMaxCall call;
  std::array<Tensor, orders> in;

  Arguments(const c10::OperatorHandle& op, const Stack& stack) {
    const auto& schema = op.schema();
    auto next = stack.end() - schema.arguments().size();
    int count = 0;
    for (; next->isTensor(); ++next) in[count++] = next->toTensor();
    call.integers[0] = count - 1;
    call.integers[2] = (next++)->toInt();
    call.integers[3] = (next++)->toBool();
    call.integers[1] = static_cast<int64_t>(kind_of(call.name(), (next++)->toStringView()));
    call.parameters[0] = (next++)->toDouble();
  }
  Inputs inputs() const { return {in.data(), static_cast<size_t>(call.inputs())}; }
};

void put(const c10::OperatorHandle& op, Stack* stack, const Results& results) {
  torch::jit::drop(*stack, op.schema().arguments().size());
  for (const auto& r : results) stack->emplace_back(r);
}

template <auto compute>
void kernel(const c10::OperatorHandle& op, Stack* stack) {
  const Arguments a(op, *stack);
  put(op, stack, compute(a.call, a.inputs()));
}

Results shapes(const SmoothMaxCall& c, Inputs in) { return allocate(checked(c, in), in); }

// Of forward and backward, where `moved` are tangents or undefined.
Tensor tangent(const SmoothMaxCall& c, const std::array<Tensor, orders>& moved, Inputs in) {
  if (c.order() == Order::forward) {
    const Tensor grad = at::ones_symint(row_shape(checked(c, in), in[0]), in[0].options());
    return c.call(Order::double_backward, {moved[0], grad, in[0]})[0];
  }
  // What grad_self gains with self is symmetric.
  Tensor sum;
  if (moved[0].defined()) sum = c.call(Order::backward, {moved[0], in[1]})[0];
  if (!moved[1].defined()) return sum;
  const Tensor by_self = c.call(Order::double_backward, {moved[1], in[0], in[1]})[1];
  return sum.defined() ? sum + by_self : by_self;
}

void autograd_kernel(const c10::OperatorHandle& op, c10::DispatchKeySet ks, Stack* stack) {
  const Arguments a(op, *stack);
  const bool grad = any_requires_grad(a.inputs()), forward_ad = any_has_tangent(a.inputs());
  // Third order and beyond: ATen differentiates the composite.
  if (a.call.order() == Order::double_backward && (grad || forward_ad))
    return put(op, stack, smooth_max_composite(a.call, a.inputs()));
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    op.redispatchBoxed(ks & c10::after_autograd_keyset, stack);
  }
  if (a.call.order() == Order::double_backward) return;
  Tensor out = stack->back().toTensor();
  if (grad) torch::autograd::set_history(out, record(a.call, a.inputs()));
  if (forward_ad) {
    std::array<Tensor, orders> primals, tangents;
    for (int i = 0; i < a.call.inputs(); ++i) {
      primals[i] = a.in[i]._fw_primal(0);
      if (torch::autograd::isFwGradDefined(a.in[i])) tangents[i] = a.in[i]._fw_grad(0);
    }
    const Inputs in(primals.data(), a.call.inputs());
    out._set_fw_grad(tangent(a.call, tangents, in), 0, false);
  }
  torch::jit::drop(*stack, 1);
  stack->emplace_back(std::move(out));
}

template <auto kernel>
void implement(torch::Library& m) {
  for (const char* suffix : suffixes)
    m.impl((std::string("smooth_max") + suffix).c_str(), torch::CppFunction::makeFromBoxedFunction<kernel>());
}

}  // namespace

std::string SmoothMaxCall::node_name() const {
  return std::string("SmoothactSmoothMax") + (order() == Order::backward ? "Backward" : "") + "Backward";
}

Results SmoothMaxCall::derivatives(const Tensor& grad, const Needed& needed, const Tensors& in) const {
  if (order() == Order::forward) return call(Order::backward, {grad, in[0]});
  Results out = call(Order::double_backward, {grad, in[0], in[1]});
  for (int i = 0; i < most_inputs; ++i) {
    if (!needed[i]) out[i] = Tensor();
  }
  return out;
}

Results SmoothMaxCall::call(Order order, Inputs in) const {
  static const auto handles = [] {
    std::vector<c10::OperatorHandle> found;
    for (const char* suffix : suffixes)
      found.push_back(
          c10::Dispatcher::singleton().findSchemaOrThrow((std::string("smoothact::smooth_max") + suffix).c_str(), ""));
    return found;
  }();
  Stack stack(in.begin(), in.end());
  stack.emplace_back(dim());
  stack.emplace_back(keepdim());
  stack.emplace_back(smooth_max_kinds[integers[1]]);
  stack.emplace_back(sharpness());
  handles[static_cast<int>(order)].callBoxed(&stack);
  Results out;
  for (auto& v : stack) out.push_back(std::move(v).toTensor());
  return out;
}

SmoothMaxCall checked(SmoothMaxCall c, Inputs in) {
  const Tensor& self = in.back();
  for (size_t i = 0; i < in.size(); ++i) {
    const char* name = input_names[c.integers[0]][i];
    check_tensor(in[i], [&] { return c.name() + ": " + name; });
    TORCH_CHECK_TYPE(in[i].scalar_type() == self.scalar_type(), "smoothact::", c.name(), ": expected ", name,
                     " to have the dtype of self (", self.scalar_type(), "), got ", in[i].scalar_type());
    TORCH_CHECK(in[i].device() == self.device(), "smoothact::", c.name(), ": expected ", name,
                " to be on the device of self (", self.device(), "), got ", in[i].device());
  }
  TORCH_CHECK_VALUE(self.dim() > 0, "smoothact::", c.name(),
                    ": expected self to have at least one dimension, got none");
  TORCH_CHECK_INDEX(-self.dim() <= c.dim() && c.dim() < self.dim(), "smoothact::", c.name(),
                    ": Dimension out of range (expected dim to be in range of [", -self.dim(), ", ", self.dim() - 1,
                    "], but got ", c.dim(), ")");
  if (c.dim() < 0) c.integers[2] += self.dim();
  TORCH_CHECK_VALUE(std::isfinite(c.sharpness()) && c.sharpness() != 0, "smoothact::", c.name(),
                    ": sharpness must be finite and not 0, got ", c.sharpness());
  if (c.order() == Order::forward) return c;
  const auto shape = row_shape(c, self);
  const Tensor& grad = in[in.size() - 2];
  TORCH_CHECK_VALUE(grad.sym_sizes().equals(shape), "smoothact::", c.name(),
                    ": expected grad to have the shape of the result (", c10::SymIntArrayRef(shape), "), got ",
                    grad.sym_sizes());
  if (c.order() == Order::double_backward)
    TORCH_CHECK_VALUE(in[0].sym_sizes().equals(self.sym_sizes()), "smoothact::", c.name(),
                      ": expected grad_grad to have the shape of self (", self.sym_sizes(), "), got ",
                      in[0].sym_sizes());
  return c;
}

std::vector<c10::SymInt> row_shape(const SmoothMaxCall& c, const Tensor& self) {
  auto sizes = self.sym_sizes().vec();
  if (c.keepdim())
    sizes[c.dim()] = 1;
  else
    sizes.erase(sizes.begin() + c.dim());
  return sizes;
}

Results allocate(const SmoothMaxCall& c, Inputs in) {
  const Tensor& self = in.back();
  Results out;
  if (c.order() != Order::backward) out.push_back(at::empty_symint(row_shape(c, self), self.options()));
  if (c.order() != Order::forward) out.push_back(at::empty_like(self));
  return out;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  for (int o = 0; o < orders; ++o) {
    std::string s = std::string("smooth_max") + suffixes[o] + "(";
    for (int i = 0; i <= o; ++i) s += std::string("Tensor ") + input_names[o][i] + ", ";
    s += "int dim, bool keepdim, str kind, float sharpness) -> ";
    m.def((s + (o == 2 ? "(Tensor, Tensor)" : "Tensor")).c_str(), {at::Tag::pt2_compliant_tag});
  }
}
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { implement<&kernel<&smooth_max_formulas>>(m); }
TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement<&kernel<&smooth_max_on_cpu>>(m); }
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) { implement<&kernel<&smooth_max_on_cuda>>(m); }
#endif
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement<&kernel<&shapes>>(m); }
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) { implement<&autograd_kernel>(m); }

}  // namespace smoothact
