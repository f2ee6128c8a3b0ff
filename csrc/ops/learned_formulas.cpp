// SPDX-License-Identifier: Apache-2.0
// The formulas of formulas.cpp with tensors for parameters, of all that have some. Compiled once per shard of the list.
#define SMOOTHACT_FN inline
#define SMOOTHACT_LEARNED "tensor_constant.h"
#define SMOOTHACT_ISA learned_parameters
#include "learned.h"

// clang-format off
#include "../math/tensor_parameters.h"
#include "../kernels/learnable.h"
// clang-format on

namespace smoothact {
namespace {

template <class A>
A with_tensors(const dual::Tensor* p) {
  const auto constant = [](const dual::Tensor& t) {
    return t.defined() ? math::Constant(t) : math::Constant(infinity);
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return A{constant(p[I])...}; }
  (std::make_index_sequence<A::descriptor.parameters.size>{});
}

using V = math::Composite<double>;

template <class A>
dual::Tensor value(const at::Tensor& x, const dual::Tensor* p) {
  return with_tensors<A>(p).f(V(dual::Tensor(x))).tensor;
}
template <class A>
dual::Tensor slope(const at::Tensor& x, const dual::Tensor* p) {
  return with_tensors<A>(p).df(V(dual::Tensor(x))).tensor;
}
template <class A>
dual::Tensor curvature(const at::Tensor& x, const dual::Tensor* p) {
  return with_tensors<A>(p).d2f(V(dual::Tensor(x))).tensor;
}

const bool added = for_each_learnable([]<class A, int I>() {
  add_learned_formulas(I, {&value<A>, &slope<A>, &curvature<A>});
});

}  // namespace
}  // namespace smoothact
