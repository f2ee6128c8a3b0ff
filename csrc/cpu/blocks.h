// SPDX-License-Identifier: Apache-2.0
// What is computed on the loops of f, f' and f'' that the registry holds, in blocks that stay in the first-level cache:
// 16-bit types are widened on the way in and rounded on the way out, nowhere between.
#pragma once

#include "loop.h"
#include "registry.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

using cpu::GateCall;

template <DType D>
using Wide = typename Storage<D>::Compute;
template <class T>
inline constexpr int64_t block_length = 2048 / sizeof(T);
template <class T>
using Block = T[block_length<T>];

// How bfloat16 lie once they are widened: as Pack has them, even ones apart from odd ones, which is for free, or in
// order.
enum class Places { packed, in_order };

template <DType D, Places P>
void widen(Wide<D>* out, const char* p, int64_t count) {
  if constexpr (D == DType::bf16 && P == Places::in_order) {
    for (int64_t i = 0; i < count; ++i) {
      uint16_t bits;
      std::memcpy(&bits, p + 2 * i, 2);
      out[i] = __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
    }
    return;
  }
  for (; count > 0; count -= Pack<D>::lanes, p += Pack<D>::lanes * sizeof(Element<D>)) {
    const auto pack = Pack<D>::load(p);
    for (const auto& v : pack.v) {
      std::memcpy(out, &v.v, sizeof(v.v));
      out += sizeof(v.v) / sizeof(*out);
    }
  }
}
template <DType D, Places P>
void narrow(char* p, const Wide<D>* in, int64_t count) {
  if constexpr (D == DType::bf16 && P == Places::in_order) {
    constexpr int N = Vector<D>::lanes;
    for (; count > 0; count -= N, in += N, p += 2 * N) {
      Lanes<float, N> wide;
      std::memcpy(&wide, in, sizeof(wide));
      const auto bits = __builtin_convertvector(round_bf16<N>(wide) >> 16, Lanes<uint16_t, N>);
      std::memcpy(p, &bits, sizeof(bits));
    }
    return;
  }
  for (; count > 0; count -= Pack<D>::lanes, p += Pack<D>::lanes * sizeof(Element<D>)) {
    Pack<D> pack;
    for (auto& v : pack.v) {
      std::memcpy(&v.v, in, sizeof(v.v));
      in += sizeof(v.v) / sizeof(*in);
    }
    pack.store(p);
  }
}

template <class T>
struct Ones {
  alignas(64) Block<T> v;
  Ones() { std::fill_n(v, block_length<T>, T(1)); }
};
template <class T>
const T* ones() {
  static const Ones<T> o;
  return o.v;
}

// f, f' and f'' at the block's gates, times a factor.
template <class T>
struct Activation {
  const GateCall& call;
  const T* gate;
  int64_t count;

  void f(T* out) const { run(Order::forward, {out, gate}); }
  void df(T* out, const T* a) const { run(Order::backward, {out, a, gate}); }
  void d2f(T* out, const T* a) const { run(Order::double_backward, {out, a, ones<T>(), gate}); }

 private:
  void run(Order order, std::initializer_list<const T*> operands) const {
    char* data[max_operands];
    int64_t strides[2 * max_operands] = {};
    int k = 0;
    for (const T* p : operands) {
      data[k] = reinterpret_cast<char*>(const_cast<T*>(p));
      strides[k++] = sizeof(T);
    }
    call.loops[static_cast<int>(order)](call.parameters, data, strides, count, 1);
  }
};

template <class T, class F>
SMOOTHACT_FN void each(T* out, int64_t count, const F& f) {
#pragma GCC ivdep
  for (int64_t i = 0; i < count; ++i) out[i] = f(i);
}

template <GatePart P, Directions V, bool limited, class T>
void compute(const GateCall& call, T* const* out, const T* const* in, int64_t count) {
  const T* const v_gate = V & along_gate ? *in++ : nullptr;
  const T* const v_up = V & along_up ? *in++ : nullptr;
  const T* const grad = has_grad(P) ? *in++ : nullptr;
  const T *const raw_gate = in[0], *const raw_up = in[1];
  const T limit = static_cast<T>(call.limit), offset = static_cast<T>(call.offset);

  alignas(64) Block<T> gates, ups;
  if constexpr (limited) {
    each(gates, count, [=](int64_t i) { return raw_gate[i] > limit ? limit : raw_gate[i]; });
    each(ups, count, [=](int64_t i) {
      const T low = raw_up[i] < -limit ? -limit : raw_up[i];
      return (low > limit ? limit : low) + offset;
    });
  }
  const T* const up = limited ? ups : raw_up;
  const Activation<T> activation{call, limited ? gates : raw_gate, count};
  // What is kept of a gradient of gate or up, or of a direction along them.
  const auto of_gate = [=](int64_t i, T v) { return limited && raw_gate[i] > limit ? T(0) : v; };
  const auto of_up = [=](int64_t i, T v) { return limited && (raw_up[i] > limit || raw_up[i] < -limit) ? T(0) : v; };

  // By what stands beside it, the derivative along the directions that are present.
  [[maybe_unused]] const auto along = [=](int64_t i, const T* by_gate, const T* by_up) {
    if constexpr (V == along_gate) return of_gate(i, v_gate[i]) * by_gate[i];
    if constexpr (V == along_up) return of_up(i, v_up[i]) * by_up[i];
    if constexpr (V == along_both) return of_gate(i, v_gate[i]) * by_gate[i] + of_up(i, v_up[i]) * by_up[i];
  };

  alignas(64) Block<T> f, df, up_df, up_d2f;
  if constexpr (P == GatePart::forward) {
    activation.f(f);
    each(out[0], count, [&](int64_t i) { return f[i] * up[i]; });
  } else if constexpr (P == GatePart::backward) {
    activation.f(f);
    activation.df(up_df, up);
    each(out[0], count, [&](int64_t i) { return of_gate(i, up_df[i] * grad[i]); });
    each(out[1], count, [&](int64_t i) { return of_up(i, f[i] * grad[i]); });
  } else {
    if constexpr (V & along_up) activation.f(f);
    if constexpr (P == GatePart::jvp) {
      if constexpr (V & along_gate) activation.df(up_df, up);
      each(out[0], count, [&](int64_t i) { return along(i, up_df, f); });
    } else {
      activation.df(df, ones<T>());
      if constexpr (V & along_gate) {
        each(up_df, count, [&](int64_t i) { return up[i] * df[i]; });
        activation.d2f(up_d2f, up);
      }
      each(out[0], count, [&](int64_t i) { return along(i, up_df, f); });
      each(out[1], count, [&](int64_t i) { return of_gate(i, along(i, up_d2f, df) * grad[i]); });
      each(out[2], count, [&](int64_t i) {
        if constexpr (V == along_up)
          return T(0);
        else
          return of_up(i, of_gate(i, v_gate[i]) * df[i] * grad[i]);
      });
    }
  }
}

// An operand's rows x columns from the `start`-th on, in the type that is computed in: where they lie, or in `buffer`,
// with zeros up to `whole`.
template <DType D, Places P = Places::packed>
const Wide<D>* read(Wide<D>* buffer, char* p, int64_t stride, int64_t across, int64_t size0, int64_t start,
                    int64_t count, int64_t whole, bool lies) {
  using E = Element<D>;
  constexpr bool wide = std::is_same_v<E, Wide<D>>;
  if (wide && lies) return reinterpret_cast<const Wide<D>*>(p);
  alignas(64) Block<E> raw;
  if (!lies) {
    E* gathered = wide ? reinterpret_cast<E*>(buffer) : raw;
    transfer<E, true>(gathered, p, stride, across, size0, start, count);
    std::fill(gathered + count, gathered + whole, E(0));
    p = reinterpret_cast<char*>(gathered);
  }
  if constexpr (!wide) widen<D, P>(buffer, p, whole);
  return buffer;
}
// The way back.
template <DType D, Places P = Places::packed>
void write(char* p, Wide<D>* buffer, int64_t stride, int64_t across, int64_t size0, int64_t start, int64_t count,
           int64_t whole, bool lies) {
  using E = Element<D>;
  constexpr bool wide = std::is_same_v<E, Wide<D>>;
  if (wide && lies) return;
  alignas(64) Block<E> raw;
  if constexpr (!wide) narrow<D, P>(lies ? p : reinterpret_cast<char*>(raw), buffer, whole);
  if (!lies) transfer<E, false>(wide ? reinterpret_cast<E*>(buffer) : raw, p, stride, across, size0, start, count);
}

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
