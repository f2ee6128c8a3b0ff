// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include <mutex>
#include <sstream>

#include "../activations.h"

namespace smoothact {
namespace {

// P...: double, or std::optional<double> for a parameter that may be absent.
template <class... P>
class SignedOp final : public Op {
 public:
  using Op::Op;
  using T = const at::Tensor&;
  using Forward = at::Tensor(T, P...);
  using Backward = at::Tensor(T, T, P...);
  using DoubleBackward = at::Tensor(T, T, T, P...);
  using Inplace = void(T, P...);

  at::Tensor call(Order o, Inputs in, const Parameters& p) const override {
    return visit(o, in, p, [](const auto& handle, auto&&... args) { return handle.call(args...); });
  }
  at::Tensor redispatch(c10::DispatchKeySet ks, Order o, Inputs in, const Parameters& p) const override {
    return visit(o, in, p, [ks](const auto& handle, auto&&... args) { return handle.redispatch(ks, args...); });
  }
  void redispatch_inplace(c10::DispatchKeySet ks, T self, const Parameters& p) const override {
    const auto handle = find<Inplace>(entry.name + "_", overload);
    each(p, [&](P... q) { handle.redispatch(ks, self, q...); });
  }

  void implement(torch::Library& m, Kernel k) const override {
    m.impl(qualified(Order::forward).c_str(),
           [this, k](c10::DispatchKeySet ks, T x, P... p) { return k(*this, ks, Order::forward, x, raw(p...)); });
    m.impl(qualified(Order::backward).c_str(), [this, k](c10::DispatchKeySet ks, T g, T x, P... p) {
      return k(*this, ks, Order::backward, {g, x}, raw(p...));
    });
    m.impl(qualified(Order::double_backward).c_str(), [this, k](c10::DispatchKeySet ks, T h, T g, T x, P... p) {
      return k(*this, ks, Order::double_backward, {h, g, x}, raw(p...));
    });
  }
  void implement_inplace(torch::Library& m, InplaceKernel k) const override {
    m.impl((entry.name + "_").c_str(), [this, k](c10::DispatchKeySet ks, T x, P... p) { k(*this, ks, x, raw(p...)); });
  }

 private:
  struct Handles {
    c10::TypedOperatorHandle<Forward> forward;
    c10::TypedOperatorHandle<Backward> backward;
    c10::TypedOperatorHandle<DoubleBackward> double_backward;
  };

  static Parameters raw(const P&... p) { return {to_raw(p)...}; }

  template <class F>
  static auto each(const Parameters& p, F&& f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return f(from_raw<P>(p[I])...); }
    (std::index_sequence_for<P...>{});
  }
  template <class F>
  static c10::TypedOperatorHandle<F> find(const std::string& name, const char* overload) {
    return c10::Dispatcher::singleton().findSchemaOrThrow(("smoothact::" + name).c_str(), overload).template typed<F>();
  }
  const Handles& handles() const {
    std::call_once(once_, [this] {
      handles_.emplace(Handles{find<Forward>(op_name(entry, Order::forward), overload),
                               find<Backward>(op_name(entry, Order::backward), overload),
                               find<DoubleBackward>(op_name(entry, Order::double_backward), overload)});
    });
    return *handles_;
  }
  template <class F>
  at::Tensor visit(Order o, Inputs in, const Parameters& p, F&& f) const {
    const Handles& h = handles();
    return each(p, [&](P... q) {
      switch (o) {
        case Order::forward:
          return f(h.forward, in[0], q...);
        case Order::backward:
          return f(h.backward, in[0], in[1], q...);
        default:
          return f(h.double_backward, in[0], in[1], in[2], q...);
      }
    });
  }

  mutable std::once_flag once_;
  mutable std::optional<Handles> handles_;
};

template <class A, class... P>
std::unique_ptr<Op> make(const Entry& e, int id, const char* overload) {
  constexpr int done = sizeof...(P);
  if constexpr (done == A::descriptor.parameters.size) {
    return std::make_unique<SignedOp<P...>>(e, id, overload);
  } else {
    using Next = std::conditional_t<A::descriptor.parameters.items[done].optional, std::optional<double>, double>;
    return make<A, P..., Next>(e, id, overload);
  }
}

std::string schema(const Op& op, const std::string& name, const char* inputs, const char* result) {
  std::ostringstream s;
  s << name << "(" << inputs;
  for (const auto& p : op.entry.descriptor->parameters) {
    if (p.optional)
      s << ", float? " << p.name << "=None";
    else
      s << ", float " << p.name << "=" << std::showpoint << p.value;
  }
  s << ") -> " << result;
  return s.str();
}

}  // namespace

const std::vector<std::unique_ptr<Op>>& ops() {
  static const auto list = [] {
    std::vector<std::unique_ptr<Op>> l;
    Activations::for_each([&]<class A, int I>() {
      for (const char* overload : {"", "fuse"})
        l.push_back(make<A>(entries()[I], static_cast<int>(l.size()), overload));
    });
    return l;
  }();
  return list;
}

TORCH_LIBRARY(smoothact, m) {
  const std::vector<at::Tag> tags{at::Tag::pt2_compliant_tag, at::Tag::pointwise};
  constexpr const char* inputs[orders] = {"Tensor self", "Tensor grad, Tensor self",
                                          "Tensor grad_grad, Tensor grad, Tensor self"};
  for (const auto& op : ops()) {
    for (int o = 0; o < orders; ++o) {
      m.def(schema(*op, op->qualified(static_cast<Order>(o)), inputs[o], "Tensor").c_str(), tags);
    }
    if (op->has_inplace()) {
      m.def(schema(*op, op->entry.name + "_", "Tensor(a!) self", "()").c_str(), {at::Tag::pt2_compliant_tag});
    }
  }
}

namespace {

at::Tensor compute_kernel(const Op& op, c10::DispatchKeySet, Order o, Inputs in, const Parameters& p) {
  return compute(op.entry, o, in, p);
}
at::Tensor meta_kernel(const Op& op, c10::DispatchKeySet, Order o, Inputs in, const Parameters& p) {
  return meta(op.entry, o, in, p);
}
at::Tensor composite_kernel(const Op& op, c10::DispatchKeySet, Order o, Inputs in, const Parameters& p) {
  return composite(op.entry, o, in, p);
}
void compute_inplace_kernel(const Op& op, c10::DispatchKeySet, const at::Tensor& self, const Parameters& p) {
  compute_inplace(op.entry, self, p);
}
void composite_inplace_kernel(const Op& op, c10::DispatchKeySet, const at::Tensor& self, const Parameters& p) {
  self.copy_(composite(op.entry, Order::forward, self, p));
}

void implement(torch::Library& m, Kernel kernel, InplaceKernel inplace) {
  for (const auto& op : ops()) {
    op->implement(m, kernel);
    if (op->has_inplace()) op->implement_inplace(m, inplace);
  }
}

}  // namespace

TORCH_LIBRARY_IMPL(smoothact, CPU, m) { implement(m, compute_kernel, compute_inplace_kernel); }
#if defined(SMOOTHACT_WITH_CUDA)
TORCH_LIBRARY_IMPL(smoothact, CUDA, m) { implement(m, compute_kernel, compute_inplace_kernel); }
#endif
TORCH_LIBRARY_IMPL(smoothact, Meta, m) { implement(m, meta_kernel, compute_inplace_kernel); }
// Every other backend, and the layouts that are refused by name.
TORCH_LIBRARY_IMPL(smoothact, CompositeExplicitAutograd, m) {
  implement(m, composite_kernel, composite_inplace_kernel);
}

}  // namespace smoothact
