// SPDX-License-Identifier: Apache-2.0
// The ops on tensors for parameters, and a bias: name.Tensor, and name_backward.Tensor for its gradients. Their number
// of arguments varies, so their kernels are boxed and find the entry by the op's name.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <sstream>

#include "learned_packed.h"
#include "node.h"
#include "pages.h"

namespace smoothact {
namespace {

using at::Tensor;
using torch::jit::Stack;

constexpr const char* overload = "Tensor";

std::string name_of(const Entry& e, bool backward) { return op_name(e, backward ? Order::backward : Order::forward); }

std::string schema(const Entry& e, bool backward) {
  std::ostringstream s;
  s << name_of(e, backward) << '.' << overload << (backward ? "(Tensor grad, Tensor self" : "(Tensor self");
  for (const auto& p : e.descriptor->parameters) {
    s << (p.optional ? ", Tensor? " : ", Tensor ") << p.name << (p.optional && !backward ? "=None" : "");
  }
  // Without parameters there must be one: name(self) is the other overload.
  const bool optional = e.descriptor->parameters.size > 0;
  s << (optional ? ", Tensor? bias" : ", Tensor bias") << (optional && !backward ? "=None" : "");
  // `needed` is no keyword: torch.distributed.tensor, which hashes what decides on the results, cannot hash lists
  // there.
  s << (backward ? ", Tensor? up, bool[] needed" : ", Tensor? up=None");
  s << ", *, int dim=1, str? layout=None) -> " << (backward ? "(Tensor" : "Tensor");
  for (int i = 0; backward && i < e.descriptor->parameters.size + 2; ++i) s << ", Tensor";
  if (backward) s << ')';
  return s.str();
}

const Entry& entry_of(const std::string& op) {
  static const auto found = [] {
    std::unordered_map<std::string, const Entry*> m;
    for (const auto& e : entries()) {
      for (bool backward : {false, true}) m["smoothact::" + name_of(e, backward)] = &e;
    }
    return m;
  }();
  return *found.at(op);
}

// What the stack holds for an op.
struct Arguments {
  LearnedCall call;
  Tensor grad;  // of the backward op
  LearnedCall::Tensors in;
  LearnedCall::Needed needed{};

  Arguments(const c10::OperatorHandle& op, const Stack& stack) {
    const auto& schema = op.schema();
    const size_t count = schema.arguments().size();
    auto next = stack.end() - count;
    const auto tensor = [&] {
      const auto& v = *next++;
      return v.isNone() ? Tensor() : v.toTensor();
    };
    const bool backward = schema.returns().size() > 1;
    call.integers[0] = entry_of(schema.name()).index;
    if (backward) grad = tensor();
    for (int i = 0; i < call.inputs(); ++i) in[i] = tensor();
    if (backward) {
      const auto list = (next++)->toBoolList();
      TORCH_CHECK_VALUE(static_cast<int>(list.size()) == call.inputs(), schema.name(), ": expected needed to have ",
                        call.inputs(), " elements, got ", list.size());
      for (int i = 0; i < call.inputs(); ++i) needed[i] = list[i];
    }
    call.integers[1] = next++->toInt();
    if (!next->isNone()) call.integers[2] = static_cast<int64_t>(layout_of(call.entry().name, next->toStringView()));
  }
  Inputs inputs() const { return {in.data(), static_cast<size_t>(call.inputs())}; }
  bool is_backward() const { return grad.defined(); }
};

void put(const c10::OperatorHandle& op, Stack* stack, const std::vector<Tensor>& results) {
  torch::jit::drop(*stack, op.schema().arguments().size());
  for (const auto& r : results) stack->emplace_back(r);
}

// An op has no undefined results: what is not needed is empty.
std::vector<Tensor> filled(std::vector<Tensor> results, const Arguments& a) {
  for (int i = 0; i < a.call.inputs(); ++i) {
    if (!results[i].defined()) results[i] = at::empty({0}, a.in[0].options());
  }
  return results;
}

std::vector<Tensor> composite(const Arguments& a) {
  auto results = learned_composite(a.call, a.grad, a.inputs(), a.needed);
  return a.is_backward() ? filled(std::move(results), a) : results;
}

void composite_kernel(const c10::OperatorHandle& op, Stack* stack) { put(op, stack, composite(Arguments(op, *stack))); }

// Of the input's layout, the same rule on every device.
void lay_out(Tensor& out, const Tensor& input) {
  // What is like a dense input has its strides.
  const Tensor like = input.is_non_overlapping_and_dense() ? input : at::empty_like(input);
  if (!out.strides().equals(like.strides()) || out.is_alias_of(input)) out = at::empty_like(input).copy_(out);
}
// `gate`: self, or its half.
void finish(const c10::OperatorHandle& op, Stack* stack, const Arguments& a, std::vector<Tensor> results,
            const Tensor& gate) {
  if (!a.is_backward()) lay_out(results[0], gate);
  for (int i : {0, a.call.up()})
    if (a.is_backward() && a.needed[i] && a.in[i].defined()) lay_out(results[i], a.in[i]);
  put(op, stack, results);
}
void compute_kernel(const c10::OperatorHandle& op, Stack* stack) {
  const Arguments a(op, *stack);
  finish(op, stack, a, composite(a), LearnedHalves(a.call, a.inputs()).in[0]);
}
template <auto fused>
void fused_kernel(const c10::OperatorHandle& op, Stack* stack) {
  const Arguments a(op, *stack);
  const LearnedHalves h(a.call, a.inputs(), a.needed);
  // The halves of the gradient of what is packed, where they are to lie.
  Tensor whole;
  Places places;
  if (a.call.packed() && a.is_backward() && a.needed[0]) {
    ask_for_large_pages(whole = at::empty_like(a.in[0]));
    places = h.of(whole);
  }
  auto results = fused(h.call, a.grad, h.inputs(), h.needed, places);
  if (whole.defined()) {
    const int found[2] = {0, a.call.up()};
    for (int k = 0; k < 2; ++k)
      if (Tensor& r = results[found[k]]; !r.is_same(places[k])) places[k].copy_(r);
    results[0] = whole;
    results[a.call.up()] = Tensor();
  }
  finish(op, stack, a, a.is_backward() ? filled(std::move(results), a) : std::move(results), h.in[0]);
}

void meta_kernel(const c10::OperatorHandle& op, Stack* stack) {
  const Arguments a(op, *stack);
  const LearnedHalves h(a.call, a.inputs());
  check_learned(h.call, h.inputs(), a.is_backward() ? &a.grad : nullptr);
  if (!a.is_backward()) return put(op, stack, {at::empty_like(h.in[0])});
  std::vector<Tensor> results(a.call.inputs());
  for (int i = 0; i < a.call.inputs(); ++i) {
    if (a.needed[i] && a.in[i].defined()) results[i] = at::empty_like(a.in[i]);
  }
  put(op, stack, filled(std::move(results), a));
}

void autograd_kernel(const c10::OperatorHandle& op, c10::DispatchKeySet ks, Stack* stack) {
  const Arguments a(op, *stack);
  LearnedCall::Tensors tangents;
  bool grad = any_requires_grad(a.inputs()), forward_ad = false;
  for (int i = 0; i < a.call.inputs(); ++i) {
    if (!a.in[i].defined() || !torch::autograd::isFwGradDefined(a.in[i])) continue;
    tangents[i] = a.in[i]._fw_grad(0);
    forward_ad = true;
  }
  // Second order and beyond: ATen differentiates the composite.
  if (a.is_backward() && (grad || forward_ad || any_requires_grad(a.grad) || torch::autograd::isFwGradDefined(a.grad)))
    return put(op, stack, composite(a));

  {
    at::AutoDispatchBelowADInplaceOrView guard;
    op.redispatchBoxed(ks & c10::after_autograd_keyset, stack);
  }
  if (a.is_backward()) return;
  Tensor out = stack->back().toTensor();
  if (grad) torch::autograd::set_history(out, record(a.call, a.inputs()));
  if (forward_ad) {
    LearnedCall::Tensors primals;
    for (int i = 0; i < a.call.inputs(); ++i) primals[i] = a.in[i].defined() ? a.in[i]._fw_primal(0) : Tensor();
    const auto count = static_cast<size_t>(a.call.inputs());
    out._set_fw_grad(learned_tangent(a.call, {primals.data(), count}, {tangents.data(), count}), 0, false);
  }
  torch::jit::drop(*stack, 1);
  stack->emplace_back(std::move(out));
}

template <auto kernel>
void implement(torch::Library& m) {
  for (const auto& e : entries()) {
    for (bool backward : {false, true})
      m.impl((name_of(e, backward) + '.' + overload).c_str(), torch::CppFunction::makeFromBoxedFunction<kernel>());
  }
}

}  // namespace

std::string LearnedCall::node_name() const {
  return "Smoothact" + std::string(entry().descriptor->module) + "LearnedBackward";
}

std::vector<Tensor> LearnedCall::derivatives(const Tensor& grad, const Needed& needed, const Tensors& in) const {
  const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow(("smoothact::" + name_of(entry(), true)).c_str(), overload);
  Stack stack{grad};
  c10::List<bool> list;
  for (int i = 0; i < inputs(); ++i) {
    stack.push_back(in[i].defined() ? c10::IValue(in[i]) : c10::IValue());
    list.push_back(needed[i]);
  }
  stack.emplace_back(list);
  stack.emplace_back(dim());
  stack.push_back(packed() ? c10::IValue(layout_names[layout()]) : c10::IValue());
  op.callBoxed(&stack);
  std::vector<Tensor> out(inputs());
  for (int i = 0; i < inputs(); ++i) {
    if (needed[i]) out[i] = stack[i].toTensor();
  }
  return out;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  for (const auto& e : entries()) {
    for (bool backward : {false, true}) m.def(schema(e, backward).c_str(), {at::Tag::pt2_compliant_tag});
  }
}
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { implement<&compute_kernel>(m); }
TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement<&fused_kernel<&learned_on_cpu>>(m); }
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) { implement<&fused_kernel<&learned_on_cuda>>(m); }
#endif
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement<&meta_kernel>(m); }
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) { implement<&autograd_kernel>(m); }
// Every call in the composite has a batching rule of its own.
TORCH_LIBRARY_IMPL(smoothact, FuncTorchBatched, m) { implement<&composite_kernel>(m); }

}  // namespace smoothact
