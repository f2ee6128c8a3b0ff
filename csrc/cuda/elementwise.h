// SPDX-License-Identifier: Apache-2.0
// The kernel's body, as one thread runs it on the device, and as the tests run every thread on the host.
#pragma once

#include "../kernels/order.h"
#include "../math/low_precision.h"
#include "../math/simd.h"
#include "indexing.h"
#include "storage.h"

namespace smoothact::cuda {

template <DType D>
struct NumberOf {
  using type = math::Simd<typename Element<D>::Arithmetic, 1>;
};
#if defined(__CUDACC__) || defined(SMOOTHACT_CUDA_MODEL)
template <>
struct NumberOf<DType::bf16> {
  using type = math::LowPrecision<17>;
};
template <>
struct NumberOf<DType::f16> {
  using type = math::LowPrecision<22>;
};
#endif
// Where terms cancel, or where every small x is next to a tie, the shorter polynomials of 16 bits do not do.
template <class A, DType D>
using NumberFor = std::conditional_t<A::descriptor.in_double || A::descriptor.all_digits,
                                     math::Simd<typename Element<D>::Arithmetic, 1>, typename NumberOf<D>::type>;

template <class A, Order O, DType D, int Lanes, int Unroll>
struct Elementwise {
  static constexpr int inputs = inputs_of(O), operands = inputs + 1;
  using Scalar = typename Element<D>::Arithmetic;
  using Number = NumberFor<A, D>;
  template <int N>
  using Items = Pack<D, N>;
  static constexpr uint32_t tile_size = tile_items(Unroll);

  struct Tile {
    Items<Lanes> in[Unroll][inputs];
    char* out[Unroll];
  };

  template <int N>
  struct Arguments {
    Number values[N][inputs];

    SMOOTHACT_FN explicit Arguments(const Items<N> (&in)[inputs]) {
      SMOOTHACT_UNROLL
      for (int i = 0; i < N; ++i)
        for (int k = 0; k < inputs; ++k) values[i][k] = Number(in[k][i]);
    }
  };

  template <int N>
  static SMOOTHACT_FN Items<N> compute(const A& activation, const Arguments<N>& in) {
    Scalar out[N];
    SMOOTHACT_UNROLL
    for (int i = 0; i < N; ++i) out[i] = evaluate<O>(activation, in.values[i]).v;
    return Items<N>::narrow(out);
  }

  template <class Plan, class M>
  static SMOOTHACT_FN void fetch(const Plan& plan, uint32_t first, Tile& tile, M& memory) {
    SMOOTHACT_UNROLL
    for (int u = 0; u < Unroll; ++u) {
      const uint32_t item = first + u * threads_per_block;
      if (u > 0 && item >= plan.items) break;
      if (Lanes > 1 && plan.dense) {  // one access an operand
        const auto at = [&](int k) { return item_address<Items<Lanes>>(plan.operands[k], item); };
        tile.out[u] = at(0);
        SMOOTHACT_UNROLL
        for (int k = 1; k < operands; ++k) tile.in[u][k - 1] = memory.template load<Items<Lanes>>(at(k));
        continue;
      }
      char* address[operands];
      plan.addresses(item, address);
      tile.out[u] = address[0];
      SMOOTHACT_UNROLL
      for (int k = 1; k < operands; ++k) {
        if (Lanes > 1 && k < inputs && plan.step[k] == 0)
          tile.in[u][k - 1] = Items<Lanes>::repeat(memory.template load<Items<1>>(address[k]));
        else
          tile.in[u][k - 1] = memory.template load<Items<Lanes>>(address[k]);
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
    memory.store(at(0), compute<1>(activation, Arguments<1>(in)));
  }

  template <class Plan, class M>
  static SMOOTHACT_FN void finish(const Plan& plan, const A& activation, uint32_t first, const Tile& tile, M& memory) {
    SMOOTHACT_UNROLL
    for (int u = 0; u < Unroll; ++u) {
      const Items<Lanes> out = compute<Lanes>(activation, Arguments<Lanes>(tile.in[u]));
      if (u == 0 || first + u * threads_per_block < plan.items) memory.store(tile.out[u], out);
    }
  }

  // A thread stores only where it has loaded before, and no other thread loads there, so out may be one of
  // the inputs.
  template <class Plan, class M>
  static SMOOTHACT_FN void run(const Plan& plan, const A& activation, uint32_t blocks, uint32_t block, uint32_t thread,
                               M& memory) {
    const uint32_t stride = blocks * tile_size;
    uint32_t first = block * tile_size + thread;
    if constexpr (Unroll > 1) {  // enough loads in flight by themselves
      SMOOTHACT_NO_UNROLL
      for (; first < plan.items; first += stride) {
        Tile tile{};
        fetch(plan, first, tile, memory);
        finish(plan, activation, first, tile, memory);
      }
    } else {  // the next tile's loads are in flight while this one's values are computed
      if (block == 0 && thread < plan.head + plan.tail) edge(plan, activation, thread, memory);
      if (first >= plan.items) return;
      Tile next{};
      fetch(plan, first, next, memory);
      SMOOTHACT_NO_UNROLL
      for (bool more = true; more; first += stride) {
        // Widened first, which leaves the registers of the packs free.
        const Arguments<Lanes> arguments(next.in[0]);
        char* const out = next.out[0];
        more = first + stride < plan.items;
        if (more) fetch(plan, first + stride, next, memory);
        memory.store(out, compute<Lanes>(activation, arguments));
      }
    }
  }
};

}  // namespace smoothact::cuda
