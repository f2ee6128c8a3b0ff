// SPDX-License-Identifier: Apache-2.0
// fewbit runs an activation and records fewbit_backward, which is linear in grad. The derivative of that by x is not
// to be had from codes: a tensor of no elements, fewbit_history(x), is saved beside them and stands for x, so that who
// asks for it gets an error, at every level of torch.func, and not a zero.
#include "fewbit.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <algorithm>

#include "gates.h"
#include "node.h"
#include "op.h"

namespace smoothact {
namespace {

using at::Tensor;
using Numbers = at::ArrayRef<double>;

// What is saved, and which inputs have gradients: the one that is multiplied by levels, and the history.
struct FewBitCall {
  static constexpr int most_inputs = 3;
  using Tensors = std::array<Tensor, most_inputs>;
  using Needed = std::array<bool, most_inputs>;

  std::array<int64_t, 1> integers{};  // how many levels
  std::array<double, most_levels> parameters{};

  FewBitCall() = default;
  explicit FewBitCall(Numbers levels) : integers{static_cast<int64_t>(levels.size())} {
    std::copy(levels.begin(), levels.end(), parameters.begin());
  }
  int inputs() const { return most_inputs; }
  std::string node_name() const { return "SmoothactFewBitBackward"; }
  Numbers levels() const { return {parameters.data(), static_cast<size_t>(integers[0])}; }
  std::vector<Tensor> derivatives(const Tensor& grad, const Needed& needed, const Tensors& in) const;
  bool overwrite(const Tensor& grad, const Tensors& in) const {
    return is_plain(in[1]) && fewbit_over_grad(grad, in[1], levels());
  }
};

[[noreturn]] void refuse() {
  TORCH_CHECK_NOT_IMPLEMENTED(false,
                              "smoothact::fewbit: second derivatives by the input are not available from what a "
                              "few bits save; leave fewbit out to have them");
}

auto& backward_op() {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("smoothact::fewbit_backward", "")
                                 .typed<Tensor(const Tensor&, const Tensor&, const Tensor&, Numbers)>();
  return handle;
}
auto& pack_op() {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("smoothact::fewbit_pack", "")
                                 .typed<Tensor(const Tensor&, Numbers)>();
  return handle;
}
auto& history_op() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("smoothact::fewbit_history", "").typed<Tensor(const Tensor&)>();
  return handle;
}

std::vector<Tensor> FewBitCall::derivatives(const Tensor& grad, const Needed& needed, const Tensors& in) const {
  if (needed[2]) refuse();
  return {needed[0] ? backward_op().call(grad, in[1], in[2], levels()) : Tensor(), Tensor(), Tensor()};
}

void record(const Tensor& out, Numbers levels, const Tensor& multiplied, const Tensor& codes, const Tensor& history,
            const Tensor& by_history) {
  const auto node = new_node<Derivative<FewBitCall>>();
  node->call = FewBitCall(levels);
  node->set_next_edges(torch::autograd::collect_next_edges(Inputs({multiplied, Tensor(), by_history})));
  node->saved[1] = torch::autograd::SavedVariable(codes, false);
  node->saved[2] = torch::autograd::SavedVariable(history, false);
  torch::autograd::set_history(out, node);
}

Gating checked(std::string_view activation, Numbers parameters, Numbers boundaries, Numbers levels) {
  TORCH_CHECK_VALUE(levels.size() == boundaries.size() + 1,
                    "smoothact::fewbit: expected one level more than boundaries (", boundaries.size(), "), got ",
                    levels.size());
  return gating_of("fewbit", 0, layout_names[0], activation, parameters, std::nullopt, 0);
}

Tensor forward(const Tensor& self, const Gating& g) {
  return op_of(g.activation).call(Order::forward, self, g.parameters);
}

Tensor fewbit(const Tensor& self, std::string_view activation, Numbers parameters, Numbers boundaries, Numbers levels) {
  check_pack(self, boundaries);
  return forward(self, checked(activation, parameters, boundaries, levels));
}

Tensor fewbit_autograd(const Tensor& self, std::string_view activation, Numbers parameters, Numbers boundaries,
                       Numbers levels) {
  check_pack(self, boundaries);
  const Gating g = checked(activation, parameters, boundaries, levels);
  const bool grad = any_requires_grad(self), forward_ad = any_has_tangent(self);
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = forward(self, g);
  }
  if (grad) {
    Tensor codes;
    {
      at::AutoDispatchBelowADInplaceOrView guard;
      codes = pack_op().call(self, boundaries);
    }
    record(out, levels, self, codes, history_op().call(self), Tensor());
  }
  // Forwards there is nothing to save, and x is there.
  if (forward_ad)
    out._set_fw_grad(op_of(g.activation).call(Order::backward, {self._fw_grad(0), self._fw_primal(0)}, g.parameters), 0,
                     false);
  return out;
}

template <auto compute>
Tensor backward(const Tensor& grad, const Tensor& codes, const Tensor&, Numbers levels) {
  return compute(grad, codes, levels);
}
Tensor backward_autograd(c10::DispatchKeySet ks, const Tensor& grad, const Tensor& codes, const Tensor& history,
                         Numbers levels) {
  if (any_has_tangent(history)) refuse();
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = backward_op().redispatch(ks & c10::after_autograd_keyset, grad, codes, history, levels);
  }
  if (any_requires_grad({grad, history})) record(out, levels, grad, codes, history, history);
  if (any_has_tangent(grad)) out._set_fw_grad(backward_op().call(grad._fw_grad(0), codes, history, levels), 0, false);
  return out;
}

Tensor history_of(const Tensor& self) { return at::empty({0}, self.options()); }
Tensor history_autograd(c10::DispatchKeySet ks, const Tensor& self) {
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = history_op().redispatch(ks & c10::after_autograd_keyset, self);
  }
  if (any_requires_grad(self)) record(out, {}, Tensor(), Tensor(), Tensor(), self);
  if (any_has_tangent(self)) out._set_fw_grad(at::empty_like(out), 0, false);
  return out;
}

Tensor pack_shape(const Tensor& self, Numbers boundaries) {
  const int bits = check_pack(self, boundaries);
  return at::empty_symint({code_bytes(self.sym_numel(), bits)}, self.options().dtype(at::kByte));
}
Tensor backward_shape(const Tensor& grad, const Tensor& codes, Numbers levels) {
  check_backward(grad, codes, levels);
  return at::empty_symint(grad.sym_sizes(), grad.options());
}

int bits_of(const char* op, const char* which, size_t levels, size_t given) {
  for (int bits = least_code_bits; bits <= most_code_bits; ++bits)
    if (levels == size_t{1} << bits) return bits;
  TORCH_CHECK_VALUE(false, "smoothact::", op, ": expected ", which, " of 2, 3 or 4 bits, got ", given);
}

}  // namespace

int check_pack(const Tensor& self, Numbers boundaries) {
  check_tensor(self, [] { return "fewbit_pack"; });
  const int bits = bits_of("fewbit_pack", "3, 7 or 15 boundaries", boundaries.size() + 1, boundaries.size());
  TORCH_CHECK_VALUE(std::is_sorted(boundaries.begin(), boundaries.end(), [](double a, double b) { return !(a >= b); }),
                    "smoothact::fewbit_pack: expected boundaries in ascending order");
  return bits;
}

int check_backward(const Tensor& grad, const Tensor& codes, Numbers levels) {
  check_tensor(grad, [] { return "fewbit_backward"; });
  const int bits = bits_of("fewbit_backward", "4, 8 or 16 levels", levels.size(), levels.size());
  TORCH_CHECK_TYPE(codes.scalar_type() == at::kByte, "smoothact::fewbit_backward: expected codes of dtype Byte, got ",
                   codes.scalar_type());
  TORCH_CHECK(codes.device() == grad.device(),
              "smoothact::fewbit_backward: expected codes to be on the device of grad (", grad.device(), "), got ",
              codes.device());
  TORCH_CHECK_VALUE(codes.dim() == 1 && codes.sym_numel() == code_bytes(grad.sym_numel(), bits),
                    "smoothact::fewbit_backward: expected codes of shape [", code_bytes(grad.sym_numel(), bits),
                    "], got ", codes.sym_sizes());
  return bits;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  const std::vector tags{at::Tag::pt2_compliant_tag};
  m.def("fewbit(Tensor self, str activation, float[] parameters, float[] boundaries, float[] levels) -> Tensor", tags);
  m.def("fewbit_pack(Tensor self, float[] boundaries) -> Tensor", tags);
  m.def("fewbit_backward(Tensor grad, Tensor codes, Tensor history, float[] levels) -> Tensor", tags);
  m.def("fewbit_history(Tensor self) -> Tensor", tags);
}
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) {
  m.impl("fewbit", fewbit);
  m.impl("fewbit_history", history_of);
  m.impl("fewbit_pack", fewbit_pack_formulas);
  m.impl("fewbit_backward", backward<fewbit_backward_formulas>);
}
TORCH_LIBRARY_IMPL(smoothact, CPU, m) {
  m.impl("fewbit_pack", fewbit_pack_on_cpu);
  m.impl("fewbit_backward", backward<fewbit_backward_on_cpu>);
}
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) {
  m.impl("fewbit_pack", fewbit_pack_on_cuda);
  m.impl("fewbit_backward", backward<fewbit_backward_on_cuda>);
}
#endif
TORCH_LIBRARY_IMPL(smoothact, Meta, m) {
  m.impl("fewbit_pack", pack_shape);
  m.impl("fewbit_backward", backward<backward_shape>);
}
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) {
  m.impl("fewbit", fewbit_autograd);
  m.impl("fewbit_pack", torch::CppFunction::makeFallthrough());
  m.impl("fewbit_backward", backward_autograd);
  m.impl("fewbit_history", history_autograd);
}

}  // namespace smoothact
