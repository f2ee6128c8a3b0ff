// SPDX-License-Identifier: Apache-2.0
// The kernel's body, as one thread runs it on the device, and as the tests run every thread on the host.
#pragma once

#include "../math/simd.h"
#include "indexing.h"
#include "storage.h"

#if defined(__CUDACC__)
#define SMOOTHACT_UNROLL _Pragma("unroll")
#else
#define SMOOTHACT_UNROLL
#endif

namespace smoothact::cuda {

template <Order O, class A, class V>
SMOOTHACT_FN V evaluate(const A& activation, const V (&in)[inputs_of(O)]) {
  if constexpr (O == Order::forward) return activation.f(in[0]);
  else if constexpr (O == Order::backward) return in[0] * activation.df(in[1]);
  else return (in[0] * in[1]) * activation.d2f(in[2]);
}

template <class A, Order O, DType D, int Lanes, int Unroll>
struct Elementwise {
  static constexpr int inputs = inputs_of(O), operands = inputs + 1;
  using Scalar = typename Element<D>::Arithmetic;
  using Number = math::Simd<Scalar, 1>;
  template <int N>
  using Items = Pack<D, N>;
  using Tile = Tiles<Unroll>;

  // Every input of one tile and where its output goes.
  struct Fetched {
    Items<Lanes> in[Unroll][inputs];
    char* out[Unroll];
  };

  template <int N>
  static SMOOTHACT_FN Items<N> compute(const A& activation, const Items<N> (&in)[inputs]) {
    Scalar out[N];
    SMOOTHACT_UNROLL
    for (int i = 0; i < N; ++i) {
      Number arguments[inputs];
      for (int k = 0; k < inputs; ++k) arguments[k] = Number(Element<D>::widen(in[k].lane[i]));
      out[i] = evaluate<O>(activation, arguments).v;
    }
    return narrow<D, N>(out);
  }

  template <class Plan, class M>
  static SMOOTHACT_FN Items<Lanes> load(const Plan& plan, int operand, int64_t offset, M& memory) {
    const char* address = plan.operands[operand] + offset;
    if constexpr (Lanes > 1) {
      if (plan.repeats(operand)) {
        const auto one = memory.template load<Items<1>>(address);
        Items<Lanes> pack;
        for (int i = 0; i < Lanes; ++i) pack.lane[i] = one.lane[0];
        return pack;
      }
    }
    return memory.template load<Items<Lanes>>(address);
  }

  template <class Plan, class M>
  static SMOOTHACT_FN void fetch(const Plan& plan, uint32_t first, Fetched& tile, M& memory) {
    SMOOTHACT_UNROLL
    for (int u = 0; u < Unroll; ++u) {
      const uint32_t item = Tile::item(first, u);
      if (item >= plan.items) break;
      int64_t offset[operands];
      plan.offsets(item, offset);
      tile.out[u] = plan.operands[0] + offset[0];
      SMOOTHACT_UNROLL
      for (int k = 0; k < inputs; ++k) tile.in[u][k] = load(plan, k + 1, offset[k + 1], memory);
    }
  }

  // Head and tail lie beside the packs, so their index from the first pack on is negative or past the end.
  template <class Plan, class M>
  static SMOOTHACT_FN void edge(const Plan& plan, const A& activation, uint32_t thread, M& memory) {
    const int64_t index = thread < plan.head ? int64_t{thread} - plan.head
                                             : int64_t{plan.items} * Lanes + (thread - plan.head);
    Items<1> in[inputs];
    for (int k = 0; k < inputs; ++k)
      in[k] = memory.template load<Items<1>>(plan.operands[k + 1] + index * (plan.strides[k + 1][0] / Lanes));
    memory.store(plan.operands[0] + index * element_bytes(D), compute<1>(activation, in));
  }

  // The next tile's loads are in flight while this one's values are computed. A thread stores only where it has
  // loaded before, and no other thread loads there, so out may be one of the inputs.
  template <class Plan, class M>
  static SMOOTHACT_FN void run(const Plan& plan, const A& activation, uint32_t blocks, uint32_t block, uint32_t thread,
                               M& memory) {
    if constexpr (Lanes > 1)
      if (block == 0 && thread < plan.head + plan.tail) edge(plan, activation, thread, memory);

    uint32_t first = block * Tile::size + thread;
    Fetched next{};
    fetch(plan, first, next, memory);
    while (first < plan.items) {
      const Fetched tile = next;
      const uint32_t following = first + blocks * Tile::size;
      fetch(plan, following, next, memory);
      SMOOTHACT_UNROLL
      for (int u = 0; u < Unroll; ++u) {
        const Items<Lanes> out = compute<Lanes>(activation, tile.in[u]);
        if (Tile::item(first, u) < plan.items) memory.store(tile.out[u], out);
      }
      first = following;
    }
  }
};

}  // namespace smoothact::cuda
