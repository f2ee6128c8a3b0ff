// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set and shard of the list.
#include "../activations.h"
#include "loop.h"
#include "registry.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

constexpr auto isa = cpu::Isa::SMOOTHACT_ISA;

template <class A, Order O, DType... D>
void add_dtypes(int activation) {
  (cpu::add(isa, activation, O, D, &loop<O, D, A>), ...);
}

template <class A, Order... O>
void add_orders(int activation) {
  (add_dtypes<A, O, DType::f64, DType::f32, DType::bf16, DType::f16>(activation), ...);
}

const bool added = [] {
  Activations::for_each([]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD) {
      add_orders<A, Order::forward, Order::backward, Order::double_backward>(I);
    }
  });
  return true;
}();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
