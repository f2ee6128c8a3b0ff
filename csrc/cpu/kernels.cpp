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
  (cpu::add(isa, activation, O, D, &loop<Elementwise<O>, D, A>), ...);
}

template <class A, Order... O>
void add_orders(int activation) {
  (add_dtypes<A, O, DType::f64, DType::f32, DType::bf16, DType::f16>(activation), ...);
}

// Of the types that networks are trained in, and where f and f' share what a fused loop computes once: others take the
// loops above, a block at a time.
template <class A, GatePart... P>
void add_gates(int activation) {
  if constexpr (!A::descriptor.in_double && !InTwoTerms<A>) {
    (cpu::add_fused_gate(isa, activation, P, DType::f32, &loop<Gated<P>, DType::f32, A>), ...);
    (cpu::add_fused_gate(isa, activation, P, DType::bf16, &loop<Gated<P>, DType::bf16, A>), ...);
  }
}

const bool added = [] {
  Activations::for_each([]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD) {
      add_orders<A, Order::forward, Order::backward, Order::double_backward>(I);
      add_gates<A, GatePart::forward, GatePart::backward>(I);
    }
  });
  return true;
}();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
