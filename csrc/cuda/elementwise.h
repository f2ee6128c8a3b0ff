// SPDX-License-Identifier: Apache-2.0
// The kernel's body, as one thread runs it on the device, and as the tests run every thread on the host.
#pragma once

#include "../kernels/order.h"
#include "../math/simd.h"
#include "indexing.h"
#include "storage.h"

namespace smoothact::cuda {

template <class A, Order O, DType D, int Lanes, int Unroll>
struct Elementwise {
  static constexpr int inputs = inputs_of(O), operands = inputs + 1;
  using Scalar = typename Element<D>::Arithmetic;
  using Number = math::Simd<Scalar, 1>;
  template <int N>
  using Items = Pack<D, N>;
  static constexpr uint32_t tile_size = tile_items(Unroll);

  struct Tile {
    Items<Lanes> in[Unroll][inputs];
    char* out[Unroll];
  };

  template <int N>
  static SMOOTHACT_FN Items<N> compute(const A& activation, const Items<N> (&in)[inputs]) {
    Scalar out[N];
    SMOOTHACT_UNROLL
    for (int i = 0; i < N; ++i) {
      Number arguments[inputs];
      for (int k = 0; k < inputs; ++k) arguments[k] = Number(in[k][i]);
      out[i] = evaluate<O>(activation, arguments).v;
    }
    return Items<N>::narrow(out);
  }

  template <class Plan, class M>
  static SMOOTHACT_FN void fetch(const Plan& plan, uint32_t first, Tile& tile, M& memory) {
    SMOOTHACT_UNROLL
    for (int u = 0; u < Unroll; ++u) {
      const uint32_t item = first + u * threads_per_block;
      if (u > 0 && item >= plan.items) break;
      uint64_t offset[operands];
      plan.offsets(item, offset);
      tile.out[u] = plan.operands[0] + offset[0];
      SMOOTHACT_UNROLL
      for (int k = 1; k < operands; ++k) {
        const char* address = plan.operands[k] + offset[k];
        if (Lanes > 1 && k < inputs && plan.step[k] == 0)
          tile.in[u][k - 1] = Items<Lanes>::repeat(memory.template load<Items<1>>(address));
        else
          tile.in[u][k - 1] = memory.template load<Items<Lanes>>(address);
      }
    }
  }

  // Head and tail lie beside the packs, so their index from the first pack on is negative or past the end.
  template <class Plan, class M>
  static SMOOTHACT_FN void edge(const Plan& plan, const A& activation, uint32_t thread, M& memory) {
    const int64_t index =
        thread < plan.head ? int64_t{thread} - plan.head : int64_t{plan.items} * Lanes + (thread - plan.head);
    const auto at = [&](int k) { return plan.operands[k] + index * (plan.step[k] / Lanes); };
    Items<1> in[inputs];
    for (int k = 1; k < operands; ++k) in[k - 1] = memory.template load<Items<1>>(at(k));
    memory.store(at(0), compute<1>(activation, in));
  }

  // The next tile's loads are in flight while this one's values are computed. A thread stores only where it
  // has loaded before, and no other thread loads there, so out may be one of the inputs.
  template <class Plan, class M>
  static SMOOTHACT_FN void run(const Plan& plan, const A& activation, uint32_t blocks, uint32_t block,
                               uint32_t thread, M& memory) {
    if constexpr (Lanes > 1)
      if (block == 0 && thread < plan.head + plan.tail) edge(plan, activation, thread, memory);

    const uint32_t stride = blocks * tile_size;
    Tile tile{};
    bool pending = false;
    uint32_t first = block * tile_size + thread;
    SMOOTHACT_NO_UNROLL
    while (true) {
      Tile next = tile;
      const bool more = first < plan.items;
      if (more) fetch(plan, first, next, memory);
      if (pending) {
        SMOOTHACT_UNROLL
        for (int u = 0; u < Unroll; ++u) {
          const Items<Lanes> out = compute<Lanes>(activation, tile.in[u]);
          if (u == 0 || first - stride + u * threads_per_block < plan.items) memory.store(tile.out[u], out);
        }
      }
      if (!more) break;
      tile = next;
      pending = true;
      first += stride;
    }
  }
};

}  // namespace smoothact::cuda
