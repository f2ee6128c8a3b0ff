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
// Where terms cancel, or where every small x is next to a tie, the shorter polynomials of 16 bits do not do. Nor do
// those of half precision where up multiplies what would itself round to 0.
template <class A, Operation O, DType D>
using NumberFor =
    std::conditional_t<A::descriptor.in_double || A::descriptor.all_digits || (is_gate(O) && D == DType::f16),
                       math::Simd<typename Element<D>::Arithmetic, 1>, typename NumberOf<D>::type>;

// The way of elements that go one by one: functions, not code within every kernel, so that a list of activations
// compiles them once. Neighbouring threads have neighbouring elements.
template <Operation O, DType D, int Lanes, class M>
struct Elements {
  static constexpr int outputs = outputs_of(O), inputs = inputs_of(O);
  using One = Pack<D, 1>;

  static SMOOTHACT_OUTLINE void load(const Plan& plan, uint32_t first, One (*in)[inputs], M& memory) {
    each(plan, first, [&](int i, uint32_t element) {
      char* address[outputs + inputs];
      plan.element_addresses(element, address);
      SMOOTHACT_UNROLL
      for (int k = 0; k < inputs; ++k) in[i][k] = memory.template load<One>(address[outputs + k]);
    });
  }
  static SMOOTHACT_OUTLINE void store(const Plan& plan, uint32_t first, const One (*out)[outputs], M& memory) {
    each(plan, first, [&](int i, uint32_t element) {
      char* address[outputs];
      plan.element_addresses(element, address);
      SMOOTHACT_UNROLL
      for (int k = 0; k < outputs; ++k) memory.store(address[k], out[i][k]);
    });
  }

 private:
  template <class F>
  static SMOOTHACT_FN void each(const Plan& plan, uint32_t first, const F& f) {
    SMOOTHACT_UNROLL
    for (int i = 0; i < Lanes; ++i) {
      const uint32_t element = first + i * threads_per_block;
      if (i == 0 || element < plan.elements) f(i, element);
    }
  }
};

template <class A, Operation O, DType D, int Lanes>
struct Pointwise {
  static constexpr int outputs = outputs_of(O), inputs = inputs_of(O), operands = outputs + inputs;
  static constexpr int gradients = inputs - values_of(O);
  using Scalar = typename Element<D>::Arithmetic;
  using Number = NumberFor<A, O, D>;
  using One = Pack<D, 1>;
  using Items = Pack<D, Lanes>;

  // A thread stores only where it has loaded before, and no other thread loads there, so out may be one of the inputs.
  template <class M>
  static SMOOTHACT_FN void run(const Plan& plan, const A& activation, const Limits& limits, uint32_t block,
                               uint32_t thread, M& memory) {
    Number in[Lanes][inputs];
    char* address[operands];
    const bool packed = block < plan.pack_blocks;
    const uint32_t first = (packed ? block : (block - plan.pack_blocks) * Lanes) * threads_per_block + thread;
    if (first >= (packed ? plan.packs : plan.elements)) return;
    if (packed) {
      load_pack(plan, first, address, in, memory);
    } else {
      One raw[Lanes][inputs]{};
      Elements<O, D, Lanes, M>::load(plan, first, raw, memory);
      SMOOTHACT_UNROLL
      for (int i = 0; i < Lanes; ++i)
        for (int k = 0; k < inputs; ++k) in[i][k] = Number(raw[i][k][0]);
    }

    Scalar out[outputs][Lanes];
    SMOOTHACT_UNROLL
    for (int i = 0; i < Lanes; ++i) {
      Number y[outputs];
      evaluate_operation<O>(activation, limits, in[i], y);
      for (int k = 0; k < outputs; ++k) out[k][i] = y[k].v;
    }

    if (packed) {
      SMOOTHACT_UNROLL
      for (int k = 0; k < outputs; ++k) memory.store(address[k], Items::narrow(out[k]));
    } else {
      One raw[Lanes][outputs];
      SMOOTHACT_UNROLL
      for (int i = 0; i < Lanes; ++i)
        for (int k = 0; k < outputs; ++k) raw[i][k] = One::narrow({out[k][i]});
      Elements<O, D, Lanes, M>::store(plan, first, raw, memory);
    }
  }

 private:
  template <class M>
  static SMOOTHACT_FN void load_pack(const Plan& plan, uint32_t pack, char* (&address)[operands],
                                     Number (&in)[Lanes][inputs], M& memory) {
    if (plan.dense) {
      SMOOTHACT_UNROLL
      for (int k = 0; k < operands; ++k) address[k] = item_address<Items>(plan.operands[k], pack);
    } else {
      plan.template pack_addresses<sizeof(Items)>(pack, address);
    }
    Items items[inputs];
    SMOOTHACT_UNROLL
    for (int k = 0; k < inputs; ++k) {
      if (k < gradients && plan.repeats >> (outputs + k) & 1)
        items[k] = Items::repeat(memory.template load<One>(address[outputs + k]));
      else
        items[k] = memory.template load<Items>(address[outputs + k]);
    }
    SMOOTHACT_UNROLL
    for (int i = 0; i < Lanes; ++i)
      for (int k = 0; k < inputs; ++k) in[i][k] = Number(items[k][i]);
  }
};

}  // namespace smoothact::cuda
