// SPDX-License-Identifier: Apache-2.0
// The formulas on tensors: what the compiler fuses, what third order differentiates, what other devices run.
// Calls of ATen gain nothing from being inlined into each other, and cost minutes to compile.
#define SMOOTHACT_FN inline
#include "../math/widened_composite.h"

#include <ATen/ops/mul.h>
#include <ATen/ops/to_native.h>

#include "../activations.h"
#include "../kernels/order.h"
#include "entry.h"

namespace smoothact {
namespace {

using Formula = at::Tensor (*)(Inputs, const double*);

template <class A, class T, Order O>
at::Tensor evaluate_on(Inputs in, const double* parameters) {
  using V = math::Composite<T>;
  constexpr auto type = c10::CppTypeToScalarType<T>::value;
  std::vector<V> v;
  for (const auto& t : in) v.push_back(V(t.to(type)));
  const A a = from_parameters<A>(parameters);
  const V y = evaluate<O>(a, v.data());
  const auto result = in.back().scalar_type();
  bool degenerate = y.is_constant();
  for (int i = 0; i < A::descriptor.parameters.size; ++i) degenerate |= parameters[i] == 0;
  if (!degenerate) return y.tensor.to(result);
  // A parameter of 0 leaves a formula that no longer knows all inputs: their shapes and NaNs are put back.
  at::Tensor z = y.is_constant() ? at::full({}, y.constant, in.back().options()) : y.tensor.to(result);
  for (const auto& t : in) z = at::where(at::isnan(t), t, z);
  return z;
}

struct Formulas {
  Formula of[2][orders];
};

template <class A>
constexpr Formulas formulas() {
  return {{{&evaluate_on<A, float, Order::forward>, &evaluate_on<A, float, Order::backward>,
            &evaluate_on<A, float, Order::double_backward>},
           {&evaluate_on<A, double, Order::forward>, &evaluate_on<A, double, Order::backward>,
            &evaluate_on<A, double, Order::double_backward>}}};
}

}  // namespace

at::Tensor composite(const Entry& e, Order order, Inputs in, const Parameters& p) {
  static const std::vector<Formulas> table = [] {
    std::vector<Formulas> t;
    Activations::for_each([&]<class A, int I>() { t.push_back(formulas<A>()); });
    return t;
  }();
  for (const auto& t : in) check_input(e, order, t);
  check_parameters(e, p);
  return table[e.index].of[in.back().scalar_type() == at::kDouble][static_cast<int>(order)](in, p.data());
}

}  // namespace smoothact
