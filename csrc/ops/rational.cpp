// SPDX-License-Identifier: Apache-2.0
// rational, the Padé activation unit, and rational_backward, its gradients. On the CPU one pass each way; elsewhere,
// and for further derivatives, torch's ops.
#include "rational.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include "gradients.h"
#include "node.h"

namespace smoothact::rational {
namespace {

using at::Tensor;
using Results = std::vector<Tensor>;

// Overloads: of `fuse` a compiler is told the composite.
constexpr const char* overloads[] = {"", "fuse"};

struct Call {
  static constexpr int most_inputs = 3;
  std::array<int64_t, 1> integers{};  // the overload
  std::array<double, 0> parameters{};

  static constexpr int inputs() { return most_inputs; }
  static std::string node_name() { return "SmoothactRationalBackward"; }
  Results derivatives(const Tensor& grad, const Needed&, const Given&) const;
};

void check_inputs(const std::string& op, const Given& in) {
  static constexpr const char* names[] = {"self", "numerator", "denominator"};
  for (int i = 0; i < 3; ++i) {
    check_tensor(in[i], [&] { return op + ": " + names[i]; });
    TORCH_CHECK(in[i].device() == in[0].device(), "smoothact::", op, ": expected ", names[i],
                " to be on the device of self (", in[0].device(), "), got ", in[i].device());
    TORCH_CHECK_VALUE(i == 0 || in[i].dim() == 1, "smoothact::", op, ": expected ", names[i],
                      " to have one dimension, got shape ", in[i].sym_sizes());
  }
  TORCH_CHECK_VALUE(1 <= in[2].sym_size(0) && in[2].sym_size(0) < in[1].sym_size(0), "smoothact::", op,
                    ": expected denominator to have 1 element or more, and fewer than numerator (", in[1].sym_size(0),
                    "), got ", in[2].sym_size(0));
}

using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&);
using Backward = std::tuple<Tensor, Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, const Tensor&, Needed);

template <class Signature>
const c10::TypedOperatorHandle<Signature>& op(int64_t overload) {
  static const auto handles = [] {
    const char* name = std::is_same_v<Signature, Forward> ? "smoothact::rational" : "smoothact::rational_backward";
    const auto find = [&](const char* o) {
      return c10::Dispatcher::singleton().findSchemaOrThrow(name, o).typed<Signature>();
    };
    return std::array{find(overloads[0]), find(overloads[1])};
  }();
  return handles[overload];
}
Results call_backward(int64_t overload, const Tensor& grad, const Given& in, const Needed& needed) {
  auto [x, a, b] = op<Backward>(overload).call(grad, in[0], in[1], in[2], needed);
  return {x, a, b};
}

Tensor value_anywhere(const Given& in) { return at::empty_like(in[0]).copy_(value_composite(in)); }
Results gradients_anywhere(const Tensor& grad, const Given& in, const Needed& needed) {
  return in_layout(gradients_composite(grad, in, needed), in, needed);
}

Tensor value_meta(const Given& in) {
  check(in);
  return at::empty_like(in[0]);
}
Results gradients_meta(const Tensor& grad, const Given& in, const Needed& needed) {
  check(grad, in);
  return like_inputs(in, needed);
}

template <int64_t overload>
Tensor value_autograd(const Given& in) {
  if (any_has_tangent(in)) return value_composite(in);
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = op<Forward>(overload).call(in[0], in[1], in[2]);
  }
  if (any_requires_grad(in)) torch::autograd::set_history(out, record(Call{{overload}}, in));
  return out;
}

template <int64_t overload>
Results gradients_autograd(const Tensor& grad, const Given& in, const Needed& needed) {
  if (any_requires_grad(in) || any_requires_grad(grad) || any_has_tangent(in) || any_has_tangent(grad))
    return gradients_composite(grad, in, needed);
  at::AutoDispatchBelowADInplaceOrView guard;
  return call_backward(overload, grad, in, needed);
}

template <auto kernel>
Tensor forward(const Tensor& self, const Tensor& numerator, const Tensor& denominator) {
  return kernel({self, numerator, denominator});
}
template <auto kernel>
std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& grad, const Tensor& self, const Tensor& numerator,
                                            const Tensor& denominator, Needed needed) {
  Results out = kernel(grad, {self, numerator, denominator}, needed);
  for (int i = 0; i < 3; ++i)
    if (!needed[i] || !out[i].defined()) out[i] = at::empty({0}, self.options());  // an op has no undefined results
  return {out[0], out[1], out[2]};
}

std::string qualified(std::string name, int64_t overload) {
  return overload == 0 ? name : name + "." + overloads[overload];
}

template <auto f, auto b>
void implement(torch::Library& m, int64_t overload) {
  m.impl(qualified("rational", overload).c_str(), TORCH_FN((forward<f>)));
  m.impl(qualified("rational_backward", overload).c_str(), TORCH_FN((backward<b>)));
}
template <auto f, auto b>
void implement(torch::Library& m) {
  implement<f, b>(m, 0);
  implement<f, b>(m, 1);
}

}  // namespace

void check(const Given& in) { check_inputs("rational", in); }
void check(const Tensor& grad, const Given& in) {
  check_inputs("rational_backward", in);
  check_grad([] { return std::string("rational_backward"); }, grad, in[0], in[0].sym_sizes(), "self");
}

Results Call::derivatives(const Tensor& grad, const Needed& needed, const Given& in) const {
  Results out;
  const bool plain = std::all_of(in.begin(), in.end(), is_plain);
  if (plain && is_sole(grad) && gradients_over_grad(grad, in, needed, out)) return out;
  out = call_backward(integers[0], grad, in, needed);
  for (int i = 0; i < inputs(); ++i)
    if (!needed[i]) out[i] = Tensor();
  return out;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  const std::vector tags{at::Tag::pt2_compliant_tag};
  for (int64_t o = 0; o < 2; ++o) {
    m.def((qualified("rational", o) + "(Tensor self, Tensor numerator, Tensor denominator) -> Tensor").c_str(), tags);
    m.def(
        (qualified("rational_backward", o) +
         "(Tensor grad, Tensor self, Tensor numerator, Tensor denominator, bool[3] needed) -> (Tensor, Tensor, Tensor)")
            .c_str(),
        tags);
  }
}
TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement<&value_on_cpu, &gradients_on_cpu>(m); }
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { implement<&value_anywhere, &gradients_anywhere>(m); }
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement<&value_meta, &gradients_meta>(m); }
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) {
  implement<&value_autograd<0>, &gradients_autograd<0>>(m, 0);
  implement<&value_autograd<1>, &gradients_autograd<1>>(m, 1);
}
// Every call in the composites has a batching rule of its own.
TORCH_LIBRARY_IMPL(smoothact, FuncTorchBatched, m) { implement<&value_composite, &gradients_composite>(m); }

}  // namespace smoothact::rational
