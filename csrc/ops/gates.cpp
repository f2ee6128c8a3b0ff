// SPDX-License-Identifier: Apache-2.0
#include "gates.h"

#include <sstream>
#include <unordered_map>

namespace smoothact {
namespace {

const Entry& find_entry(const std::string& op, std::string_view activation) {
  static const auto* const by_name = [] {
    auto* m = new std::unordered_map<std::string_view, const Entry*>;
    for (const auto& e : entries()) m->emplace(e.name, &e);
    return m;
  }();
  const auto found = by_name->find(activation);
  TORCH_CHECK_VALUE(found != by_name->end(), "smoothact::", op, ": no activation is named '", activation, "'");
  return *found->second;
}

Gating gating(const std::string& op, std::string_view activation, at::ArrayRef<double> parameters,
              std::optional<double> limit, double offset) {
  const Entry& e = find_entry(op, activation);
  const auto& known = e.descriptor->parameters;
  TORCH_CHECK_VALUE(static_cast<int>(parameters.size()) <= known.size, "smoothact::", op, ": ", activation,
                    " takes at most ", known.size, " parameters, got ", parameters.size());
  TORCH_CHECK_VALUE(!limit || *limit >= 0, "smoothact::", op, ": limit must be non-negative, got ", *limit);
  TORCH_CHECK_VALUE(offset - offset == 0, "smoothact::", op, ": offset must be finite, got ", offset);
  Gating g;
  g.activation = e.index;
  size_t i = 0;
  for (const auto& q : known) {
    g.parameters[i] = i < parameters.size() ? parameters[i] : q.value;
    ++i;
  }
  check_parameters(e, g.parameters);
  g.limit = limit.value_or(infinity);
  g.offset = offset;
  return g;
}

template <class... T>
struct Types {};

// What follows the tensors.
using Pair = Types<std::string_view, at::ArrayRef<double>, std::optional<double>, double>;
using Packed = Types<int64_t, std::string_view, std::string_view, at::ArrayRef<double>, std::optional<double>, double>;

Gating from_arguments(const std::string& op, std::string_view activation, at::ArrayRef<double> parameters,
                      std::optional<double> limit, double offset) {
  return gating(op, activation, parameters, limit, offset);
}
Gating from_arguments(const std::string& op, int64_t dim, std::string_view layout, std::string_view activation,
                      at::ArrayRef<double> parameters, std::optional<double> limit, double offset) {
  return gating_of(op, dim, layout, activation, parameters, limit, offset);
}

template <class F>
auto with_arguments(Pair, const Gating& g, F&& f) {
  const auto limit = g.limit == infinity ? std::nullopt : std::optional(g.limit);
  return f(std::string_view(g.entry().name), given(g), limit, g.offset);
}
template <class F>
auto with_arguments(Packed, const Gating& g, F&& f) {
  return with_arguments(Pair(), g, [&](auto... rest) {
    return f(g.dim, std::string_view(layout_names[static_cast<int>(g.layout)]), rest...);
  });
}

using T = const at::Tensor&;
using Maybe = const std::optional<at::Tensor>&;

template <class A>
struct Argument;
template <>
struct Argument<T> {
  static T from(T t) { return t; }
  static at::Tensor to(T t) { return t; }
};
template <>
struct Argument<Maybe> {
  static std::optional<at::Tensor> from(T t) { return t.defined() ? std::optional(t) : std::nullopt; }
  static at::Tensor to(Maybe t) { return t.value_or(at::Tensor()); }
};

template <class R>
struct Result {
  static R from(const Tensors& t) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return R(t[I]...); }
    (std::make_index_sequence<std::tuple_size_v<R>>{});
  }
  static Tensors to(R&& r) {
    return std::apply([](auto&... t) { return Tensors{t...}; }, r);
  }
};
template <>
struct Result<at::Tensor> {
  static at::Tensor from(const Tensors& t) { return t[0]; }
  static Tensors to(at::Tensor&& t) { return {t}; }
};

template <class R, class Inputs_, class Config>
class SignedGateOp;
template <class R, class... In, class... C>
class SignedGateOp<R, Types<In...>, Types<C...>> final : public GateOp {
 public:
  using GateOp::GateOp;

  Tensors call(Inputs in, const Gating& g) const override {
    return visit(in, g, [](const auto& handle, auto&&... args) { return handle.call(args...); });
  }
  Tensors redispatch(c10::DispatchKeySet ks, Inputs in, const Gating& g) const override {
    return visit(in, g, [ks](const auto& handle, auto&&... args) { return handle.redispatch(ks, args...); });
  }
  void implement(torch::Library& m, GateKernel k) const override {
    m.impl(name.c_str(), [this, k](c10::DispatchKeySet ks, In... in, C... c) -> R {
      const std::array<at::Tensor, sizeof...(In)> tensors{Argument<In>::to(in)...};
      return Result<R>::from(k(*this, ks, tensors, from_arguments(name, c...)));
    });
  }
  std::string schema() const override {
    constexpr const char* names[2][gate_parts] = {
        {"Tensor gate, Tensor up", "Tensor grad, Tensor gate, Tensor up",
         "Tensor? v_gate, Tensor? v_up, Tensor gate, Tensor up",
         "Tensor? v_gate, Tensor? v_up, Tensor grad, Tensor gate, Tensor up"},
        {"Tensor self", "Tensor grad, Tensor self", "", "Tensor grad_grad, Tensor grad, Tensor self"}};
    constexpr int results = [] {
      if constexpr (std::is_same_v<R, at::Tensor>)
        return 1;
      else
        return static_cast<int>(std::tuple_size_v<R>);
    }();
    std::ostringstream s;
    s << name << "(" << names[packed][static_cast<int>(part)] << (packed ? ", int dim, str layout" : "")
      << ", str activation, float[] parameters=[], float? limit=None, float offset=0.) -> "
      << (results == 1   ? "Tensor"
          : results == 2 ? "(Tensor, Tensor)"
                         : "(Tensor, Tensor, Tensor)");
    return s.str();
  }

 private:
  template <class F>
  Tensors visit(Inputs in, const Gating& g, F&& f) const {
    // One signature, one op: each of these classes has its own.
    static const auto handle =
        c10::Dispatcher::singleton().findSchemaOrThrow(("smoothact::" + name).c_str(), "").typed<R(In..., C...)>();
    return with_arguments(Types<C...>(), g, [&](auto... c) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return Result<R>::to(f(handle, Argument<In>::from(in[I])..., c...));
      }
      (std::index_sequence_for<In...>{});
    });
  }
};

}  // namespace

Layout layout_of(const std::string& op, std::string_view name) {
  for (int i = 0; i < 3; ++i) {
    if (name == layout_names[i]) return static_cast<Layout>(i);
  }
  TORCH_CHECK_VALUE(false, "smoothact::", op, ": layout must be gate_first, up_first or interleaved, got '", name, "'");
}

Gating gating_of(const std::string& op, int64_t dim, std::string_view layout, std::string_view activation,
                 at::ArrayRef<double> parameters, std::optional<double> limit, double offset) {
  Gating g = gating(op, activation, parameters, limit, offset);
  g.dim = dim;
  g.layout = layout_of(op, layout);
  return g;
}

// Less the defaults at the end, of which an absent one is infinity: no number in a graph.
at::ArrayRef<double> given(const Gating& g) {
  const auto& known = g.entry().descriptor->parameters;
  size_t count = known.size;
  while (count > 0 && g.parameters[count - 1] == known.items[count - 1].value) --count;
  return {g.parameters.data(), count};
}

const std::vector<std::unique_ptr<GateOp>>& gate_ops() {
  static const auto list = [] {
    using Two = std::tuple<at::Tensor, at::Tensor>;
    using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
    std::vector<std::unique_ptr<GateOp>> l;
    const auto add = [&]<class Op>(GatePart part, bool packed, const char* name) {
      l.push_back(std::make_unique<Op>(part, packed, name));
    };
    using P = GatePart;
    add.operator()<SignedGateOp<at::Tensor, Types<T, T>, Pair>>(P::forward, false, "gated");
    add.operator()<SignedGateOp<Two, Types<T, T, T>, Pair>>(P::backward, false, "gated_backward");
    add.operator()<SignedGateOp<at::Tensor, Types<Maybe, Maybe, T, T>, Pair>>(P::jvp, false, "gated_jvp");
    add.operator()<SignedGateOp<Three, Types<Maybe, Maybe, T, T, T>, Pair>>(P::double_backward, false,
                                                                            "gated_double_backward");
    add.operator()<SignedGateOp<at::Tensor, Types<T>, Packed>>(P::forward, true, "gated_packed");
    add.operator()<SignedGateOp<at::Tensor, Types<T, T>, Packed>>(P::backward, true, "gated_packed_backward");
    add.operator()<SignedGateOp<Two, Types<T, T, T>, Packed>>(P::double_backward, true, "gated_packed_double_backward");
    return l;
  }();
  return list;
}

const GateOp& gate_op(GatePart part, bool packed) {
  for (const auto& op : gate_ops()) {
    if (op->part == part && op->packed == packed) return *op;
  }
  TORCH_INTERNAL_ASSERT(false);
}

TORCH_LIBRARY_FRAGMENT(smoothact, m) {
  for (const auto& op : gate_ops()) {
    const bool pointwise = !op->packed && outputs_of(op->part) == 1;
    const auto tags = pointwise ? std::vector{at::Tag::pt2_compliant_tag, at::Tag::pointwise}
                                : std::vector{at::Tag::pt2_compliant_tag};
    m.def(op->schema().c_str(), tags);
  }
}

namespace {

void implement(torch::Library& m, GateKernel kernel) {
  for (const auto& op : gate_ops()) op->implement(m, kernel);
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement(m, compute_gate); }
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement(m, meta_gate); }
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) { implement(m, cuda_gate); }
#endif
// Every other device: right, but not in one pass over memory.
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) { implement(m, formulas_gate); }

}  // namespace smoothact
