// SPDX-License-Identifier: Apache-2.0
// gated_biased, a gate of gate + gate_bias and up + up_bias, and gated_biased_backward, its gradients. self is the gate
// beside `up`, or without it both in one. On the CPU and CUDA one pass each way; elsewhere, in double on CUDA, and for
// further derivatives, a sum and the op of gates.
#include <ATen/ExpandUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "biased.h"
#include "channels.h"
#include "gates.h"
#include "gradients.h"
#include "node.h"
#include "pages.h"

namespace smoothact {
namespace {

using at::Tensor;

struct BiasedGate {
  static constexpr int most_inputs = 4;
  using Given =
      std::array<Tensor, most_inputs>;  // self, up, gate_bias, up_bias, of which all but self may be undefined
  using Needed = std::array<bool, most_inputs>;

  std::array<int64_t, 3> integers{};
  std::array<double, most_parameters + 2> parameters{};

  BiasedGate() = default;
  explicit BiasedGate(const Gating& g) : integers{g.activation, g.dim, static_cast<int64_t>(g.layout)} {
    std::copy(g.parameters.begin(), g.parameters.end(), parameters.begin());
    parameters[most_parameters] = g.limit;
    parameters[most_parameters + 1] = g.offset;
  }
  Gating gating() const {
    Gating g;
    g.activation = static_cast<int>(integers[0]);
    g.dim = integers[1];
    g.layout = static_cast<Layout>(integers[2]);
    std::copy_n(parameters.begin(), most_parameters, g.parameters.begin());
    g.limit = parameters[most_parameters];
    g.offset = parameters[most_parameters + 1];
    return g;
  }
  static constexpr int inputs() { return most_inputs; }
  static std::string node_name() { return "SmoothactGatedBiasedBackward"; }
  std::vector<Tensor> derivatives(const Tensor& grad, const Needed&, const Given&) const;
};
using Given = BiasedGate::Given;
using Needed = BiasedGate::Needed;

// The inputs, checked, as gate and up.
struct Halves {
  Gating gating;
  const bool packed;
  std::array<Tensor, 2> pair, bias;

  Halves(const BiasedGate& call, const Given& in)
      : gating(call.gating()), packed(!in[1].defined()), pair{in[0], in[1]}, bias{in[2], in[3]} {
    check_gate(op(), inputs());
    if (packed) {
      gating = normalized(op().name, in[0], gating);
      pair = halves(in[0], gating);
    }
    static constexpr const char* names[2][2] = {{"gate", "gate_bias"}, {"up", "up_bias"}};
    for (int v = 0; v < 2; ++v)
      if (bias[v].defined()) check_channelwise("gated_biased", names[v][1], bias[v], pair[v], names[v][0], gating.dim);
  }
  const GateOp& op() const { return gate_op(GatePart::forward, packed); }
  Inputs inputs() const { return {pair.data(), packed ? size_t{1} : size_t{2}}; }
  bool agree() const { return pair[0].sym_sizes().equals(pair[1].sym_sizes()); }
  bool in_one_pass() const {
    return agree() && pair[0].numel() > 0 && !(pair[0].is_cuda() && pair[0].scalar_type() == at::kDouble);
  }
  std::vector<c10::SymInt> sizes() const {
    const auto s = at::infer_size_symint(pair[0].sym_sizes(), pair[1].sym_sizes());
    return {s.begin(), s.end()};
  }
  // As at::empty_like of a result of the op of gates.
  Tensor result() const { return agree() ? at::empty_like(pair[0]) : at::empty_symint(sizes(), pair[0].options()); }
  void check_grad(const Tensor& grad) const {
    smoothact::check_grad([] { return std::string("gated_biased_backward"); }, grad, pair[0], sizes(), "the result");
  }
  // What goes into the op of gates.
  std::array<Tensor, 2> sums() const {
    const auto type = computed_type(pair[0].scalar_type());
    std::array<Tensor, 2> s;
    for (int v = 0; v < 2; ++v) s[v] = bias[v].defined() ? plus_bias(pair[v], bias[v], gating.dim) : pair[v].to(type);
    return s;
  }
};

Tensor composite_forward(const BiasedGate& call, const Given& in) {
  const Halves h(call, in);
  const auto s = h.sums();
  return gate_op(GatePart::forward, false).call(s, h.gating)[0].to(in[0].scalar_type());
}

std::vector<Tensor> composite_backward(const BiasedGate& call, const Tensor& grad, const Given& in,
                                       const Needed& needed) {
  const Halves h(call, in);
  h.check_grad(grad);
  const auto s = h.sums();
  const auto by = gate_op(GatePart::backward, false).call({grad.to(s[0].scalar_type()), s[0], s[1]}, h.gating);
  std::vector<Tensor> out(call.inputs());
  std::array<Tensor, 2> pair;
  for (int v = 0; v < 2; ++v) {
    const Tensor half = at::sum_to(by[v], h.pair[v].sym_sizes());
    if (needed[2 + v] && h.bias[v].defined())
      out[2 + v] = reduced(half.to(at::kDouble), h.pair[v], h.bias[v], h.gating.dim);
    pair[v] = half.to(in[0].scalar_type());
  }
  if (h.packed && needed[0]) out[0] = packed(pair, h.gating);
  for (int v = 0; v < 2 && !h.packed; ++v)
    if (needed[v]) out[v] = pair[v];
  return out;
}

BiasedPass pass_of(const Halves& h, Operation operation) {
  const Gating& g = h.gating;
  BiasedPass p{g.activation, operation, nullptr, g.limit, g.offset};
  p.bias = h.bias;
  p.dim = g.dim;
  return p;
}

Tensor forward_in_one_pass(const BiasedGate& call, const Given& in) {
  const Halves h(call, in);
  const Tensor out = h.result();
  if (!h.in_one_pass()) return out.copy_(composite_forward(call, in));
  ask_for_large_pages(out);
  BiasedPass pass = pass_of(h, Operation::gate);
  pass.parameters = h.gating.parameters.data();
  pass.out[0] = out;
  pass.in = {h.pair[0], h.pair[1], Tensor()};
  pass.run();
  return out;
}

std::vector<Tensor> backward_in_one_pass(const BiasedGate& call, const Tensor& grad, const Given& in,
                                         const Needed& needed) {
  const Halves h(call, in);
  h.check_grad(grad);
  if (!h.in_one_pass()) return in_layout(composite_backward(call, grad, in, needed), in, needed);
  auto out = like_inputs(in, needed);
  for (int v = 0; v < 2; ++v)
    if (out[v].defined()) ask_for_large_pages(out[v]);
  BiasedPass pass = pass_of(h, Operation::gate_backward);
  pass.parameters = h.gating.parameters.data();
  if (!h.packed)
    pass.out = {out[0], out[1]};
  else if (needed[0])
    pass.out = halves(out[0], h.gating);
  pass.in = {grad, h.pair[0], h.pair[1]};
  for (int v = 0; v < 2; ++v) pass.summed[v] = out[2 + v].defined();
  const auto sums = pass.run();
  for (int v = 0; v < 2; ++v)
    if (pass.summed[v]) out[2 + v].copy_(sums[v]);
  return out;
}

Tensor forward_anywhere(const BiasedGate& call, const Given& in) {
  return Halves(call, in).result().copy_(composite_forward(call, in));
}
std::vector<Tensor> backward_anywhere(const BiasedGate& call, const Tensor& grad, const Given& in,
                                      const Needed& needed) {
  return in_layout(composite_backward(call, grad, in, needed), in, needed);
}

Tensor meta_forward(const BiasedGate& call, const Given& in) { return Halves(call, in).result(); }
std::vector<Tensor> backward_meta(const BiasedGate& call, const Tensor& grad, const Given& in, const Needed& needed) {
  Halves(call, in).check_grad(grad);
  return like_inputs(in, needed);
}

using Maybe = const std::optional<Tensor>&;
using Result = std::tuple<Tensor, Tensor, Tensor, Tensor>;
using Forward = Tensor(const Tensor&, Maybe, Maybe, Maybe, int64_t, std::string_view, std::string_view,
                       at::ArrayRef<double>, std::optional<double>, double);
using Backward = Result(const Tensor&, const Tensor&, Maybe, Maybe, Maybe, std::array<bool, 4>, int64_t,
                        std::string_view, std::string_view, at::ArrayRef<double>, std::optional<double>, double);

// Calls f with the arguments of the ops that follow grad.
template <class F>
auto with_arguments(const BiasedGate& call, const Given& in, const F& f) {
  const Gating g = call.gating();
  const auto maybe = [](const Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; };
  const auto limit = g.limit == infinity ? std::nullopt : std::optional(g.limit);
  return f(in[0], maybe(in[1]), maybe(in[2]), maybe(in[3]), g.dim,
           std::string_view(layout_names[static_cast<int>(g.layout)]), std::string_view(g.entry().name), given(g),
           limit, g.offset);
}

Tensor autograd_forward(const BiasedGate& call, const Given& in) {
  if (any_has_tangent(in)) return composite_forward(call, in);
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("smoothact::gated_biased", "").typed<Forward>();
  Tensor out;
  {
    at::AutoDispatchBelowADInplaceOrView guard;
    out = with_arguments(call, in, [](const auto&... a) { return handle.call(a...); });
  }
  if (any_requires_grad(in)) torch::autograd::set_history(out, record(call, in));
  return out;
}

std::vector<Tensor> call_backward(const BiasedGate& call, const Tensor& grad, const Given& in, const Needed& needed) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("smoothact::gated_biased_backward", "").typed<Backward>();
  const auto r = with_arguments(call, in, [&](const Tensor& self, Maybe up, Maybe gate_bias, Maybe up_bias, auto... a) {
    return handle.call(grad, self, up, gate_bias, up_bias, needed, a...);
  });
  return std::apply([](const auto&... t) { return std::vector<Tensor>{t...}; }, r);
}

std::vector<Tensor> autograd_backward(const BiasedGate& call, const Tensor& grad, const Given& in,
                                      const Needed& needed) {
  if (any_requires_grad(in) || any_requires_grad(grad) || any_has_tangent(in) || any_has_tangent(grad))
    return composite_backward(call, grad, in, needed);
  at::AutoDispatchBelowADInplaceOrView guard;
  return call_backward(call, grad, in, needed);
}

Given as_given(const Tensor& self, Maybe up, Maybe gate_bias, Maybe up_bias) {
  const Tensor none;
  return {self, up.value_or(none), gate_bias.value_or(none), up_bias.value_or(none)};
}
template <auto kernel>
Tensor forward(const Tensor& self, Maybe up, Maybe gate_bias, Maybe up_bias, int64_t dim, std::string_view layout,
               std::string_view activation, at::ArrayRef<double> parameters, std::optional<double> limit,
               double offset) {
  const BiasedGate call(gating_of("gated_biased", dim, layout, activation, parameters, limit, offset));
  return kernel(call, as_given(self, up, gate_bias, up_bias));
}
template <auto kernel>
Result backward(const Tensor& grad, const Tensor& self, Maybe up, Maybe gate_bias, Maybe up_bias,
                std::array<bool, 4> needed, int64_t dim, std::string_view layout, std::string_view activation,
                at::ArrayRef<double> parameters, std::optional<double> limit, double offset) {
  const BiasedGate call(gating_of("gated_biased_backward", dim, layout, activation, parameters, limit, offset));
  auto out = kernel(call, grad, as_given(self, up, gate_bias, up_bias), needed);
  for (auto& t : out)
    if (!t.defined()) t = at::empty({0}, self.options());  // an op has no undefined results
  return {out[0], out[1], out[2], out[3]};
}

template <auto f, auto b>
void implement(torch::Library& m) {
  m.impl("gated_biased", TORCH_FN((forward<f>)));
  m.impl("gated_biased_backward", TORCH_FN((backward<b>)));
}

}  // namespace

std::vector<Tensor> BiasedGate::derivatives(const Tensor& grad, const Needed& needed, const Given& in) const {
  auto out = call_backward(*this, grad, in, needed);
  for (int i = 0; i < inputs(); ++i)
    if (!needed[i] || !in[i].defined()) out[i] = Tensor();
  return out;
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  const std::string inputs = "Tensor self, Tensor? up, Tensor? gate_bias, Tensor? up_bias, ",
                    rest =
                        "int dim, str layout, str activation, float[] parameters=[], float? limit=None, "
                        "float offset=0.";
  const std::vector tags{at::Tag::pt2_compliant_tag};
  m.def(("gated_biased(" + inputs + rest + ") -> Tensor").c_str(), tags);
  m.def(("gated_biased_backward(Tensor grad, " + inputs + "bool[4] needed, " + rest +
         ") -> (Tensor, Tensor, Tensor, Tensor)")
            .c_str(),
        tags);
}
TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement<&forward_in_one_pass, &backward_in_one_pass>(m); }
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) { implement<&forward_in_one_pass, &backward_in_one_pass>(m); }
#endif
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { implement<&forward_anywhere, &backward_anywhere>(m); }
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement<&meta_forward, &backward_meta>(m); }
TORCH_LIBRARY_IMPL(smoothact, Autograd, m) { implement<&autograd_forward, &autograd_backward>(m); }
// Every call in the composites has a batching rule of its own.
TORCH_LIBRARY_IMPL(smoothact, FuncTorchBatched, m) { implement<&composite_forward, &composite_backward>(m); }

}  // namespace smoothact
