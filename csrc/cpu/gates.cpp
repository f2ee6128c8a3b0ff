// SPDX-License-Identifier: Apache-2.0
// The gates that kernels.cpp does not fuse, on the loops of f, f' and f'' that the registry holds: compiled once per
// instruction set, whatever the length of the list. A block at a time stays in the first-level cache, so memory is
// passed once; 16-bit types are widened on the way in and rounded on the way out, nowhere between.
#include "loop.h"
#include "registry.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

using cpu::GateCall;

template <DType D>
using Wide = typename Storage<D>::Compute;
template <class T>
inline constexpr int64_t block_length = 2048 / sizeof(T);
template <class T>
using Block = T[block_length<T>];

template <DType D>
void widen(Wide<D>* out, const char* p, int64_t count) {
  for (; count > 0; count -= Pack<D>::lanes, p += Pack<D>::lanes * sizeof(Element<D>)) {
    const auto pack = Pack<D>::load(p);
    for (const auto& v : pack.v) {
      std::memcpy(out, &v.v, sizeof(v.v));
      out += sizeof(v.v) / sizeof(*out);
    }
  }
}
template <DType D>
void narrow(char* p, const Wide<D>* in, int64_t count) {
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

// Goes through a rows x columns iteration in blocks, as walk() of loop.h does.
template <GatePart P, Directions V, bool limited, DType D>
void gate_loop(const GateCall& call, char** data, const int64_t* strides, int64_t size0, int64_t size1) {
  using E = Element<D>;
  using T = Wide<D>;
  constexpr bool wide = std::is_same_v<E, T>;
  constexpr int outputs = outputs_of(P), inputs = 2 + has_grad(P) + (V & along_gate ? 1 : 0) + (V & along_up ? 1 : 0);
  constexpr int operands = outputs + inputs;
  constexpr int64_t lanes = Pack<D>::lanes, block = block_length<T>;
  static_assert(block % lanes == 0 && lanes % Vector<D>::lanes == 0);
  const int64_t* across = strides + operands;
  const bool shared = size0 < block && size1 > 1;  // rows shorter than a block share one
  const int64_t rows = shared ? 1 : size1, columns = shared ? size0 * size1 : size0;

  alignas(64) T buffer[operands][block];
  alignas(64) E raw[block];
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t start = 0, count; start < columns; start += count) {
      count = std::min(block, columns - start);
      const int64_t whole = (count + lanes - 1) / lanes * lanes;
      const auto lies = [&](int k) { return count == whole && !shared && strides[k] == sizeof(E); };
      const auto at = [&](int k) { return data[k] + row * across[k] + (shared ? 0 : start * strides[k]); };
      T* out[outputs];
      const T* in[inputs];
      for (int k = outputs; k < operands; ++k) {
        if (wide && lies(k)) {
          in[k - outputs] = reinterpret_cast<const T*>(at(k));
          continue;
        }
        in[k - outputs] = buffer[k];
        const char* elements = at(k);
        if (!lies(k)) {
          E* gathered = wide ? reinterpret_cast<E*>(buffer[k]) : raw;
          transfer<E, true>(gathered, at(k), strides[k], across[k], size0, shared ? start : 0, count);
          std::fill(gathered + count, gathered + whole, E(0));
          elements = reinterpret_cast<const char*>(gathered);
        }
        if constexpr (!wide) widen<D>(buffer[k], elements, whole);
      }
      for (int k = 0; k < outputs; ++k) out[k] = wide && lies(k) ? reinterpret_cast<T*>(at(k)) : buffer[k];
      compute<P, V, limited, T>(call, out, in, whole);
      for (int k = 0; k < outputs; ++k) {
        if (wide && lies(k)) continue;
        E* rounded = wide ? reinterpret_cast<E*>(buffer[k]) : raw;
        if constexpr (!wide) narrow<D>(lies(k) ? at(k) : reinterpret_cast<char*>(raw), buffer[k], whole);
        if (!lies(k)) transfer<E, false>(rounded, at(k), strides[k], across[k], size0, shared ? start : 0, count);
      }
    }
  }
}

template <GatePart P, Directions V, DType... D>
void add_dtypes() {
  constexpr auto isa = cpu::Isa::SMOOTHACT_ISA;
  (cpu::add_gate(isa, P, V, false, D, &gate_loop<P, V, false, D>), ...);
  (cpu::add_gate(isa, P, V, true, D, &gate_loop<P, V, true, D>), ...);
}
template <GatePart P, Directions... V>
void add_directions() {
  (add_dtypes<P, V, DType::f64, DType::f32, DType::bf16, DType::f16>(), ...);
}

const bool added = [] {
  add_directions<GatePart::forward, no_direction>();
  add_directions<GatePart::backward, no_direction>();
  add_directions<GatePart::jvp, along_gate, along_up, along_both>();
  add_directions<GatePart::double_backward, along_gate, along_up, along_both>();
  return true;
}();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
