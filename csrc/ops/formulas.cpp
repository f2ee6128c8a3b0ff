// SPDX-License-Identifier: Apache-2.0
// Compiled once per shard of the list. Calls of ATen gain nothing from being inlined into each other, and cost minutes
// to compile.
#define SMOOTHACT_FN inline
#include "formulas.h"

#include <ATen/ops/clone.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/to_native.h>

// What tensors have of their own is seen only before the activations are.
// clang-format off
#include "../math/widened_composite.h"
#include "../activations.h"
#include "../kernels/order.h"
// clang-format on

namespace smoothact {
namespace {

template <class A, class T, Order O>
at::Tensor evaluate_on(Inputs in, const double* parameters) {
  using V = math::Composite<T>;
  constexpr auto type = c10::CppTypeToScalarType<T>::value;
  std::vector<V> v;
  for (const auto& t : in) v.push_back(V(t.to(type)));
  const auto a = as_computed<A>(from_parameters<A>(parameters));
  const V y = evaluate<O>(a, v.data());
  const auto result = in.back().scalar_type();
  bool degenerate = y.is_constant();
  for (int i = 0; i < A::descriptor.parameters.size; ++i) degenerate |= parameters[i] == 0;
  if (!degenerate) {
    const at::Tensor z = y.tensor.to(result);
    return z.is_same(in.back()) ? z.clone() : z;  // an op's result is no alias of its input
  }
  // A parameter of 0 leaves a formula that no longer knows all inputs: their shapes and NaNs are put back.
  at::Tensor z = y.is_constant() ? at::full({}, y.constant, in.back().options()) : y.tensor.to(result);
  for (const auto& t : in) z = at::where(at::isnan(t), t, z);
  return z;
}

template <class A>
constexpr Formulas formulas() {
  return {{{&evaluate_on<A, float, Order::forward>, &evaluate_on<A, float, Order::backward>,
            &evaluate_on<A, float, Order::double_backward>},
           {&evaluate_on<A, double, Order::forward>, &evaluate_on<A, double, Order::backward>,
            &evaluate_on<A, double, Order::double_backward>}}};
}

const bool added = [] {
  Activations::for_each([]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD) add_formulas(I, formulas<A>());
  });
  return true;
}();

}  // namespace
}  // namespace smoothact
