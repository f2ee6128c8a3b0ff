// SPDX-License-Identifier: Apache-2.0
// The gates that kernels.cpp does not fuse, on the loops of f, f' and f'' that the registry holds: compiled once per
// instruction set, whatever the length of the list. A block at a time stays in the first-level cache, so memory is
// passed once; 16-bit types are widened on the way in and rounded on the way out, nowhere between.
#include "blocks.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

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
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t start = 0, count; start < columns; start += count) {
      count = std::min(block, columns - start);
      const int64_t whole = (count + lanes - 1) / lanes * lanes;
      const auto lies = [&](int k) { return count == whole && !shared && strides[k] == sizeof(E); };
      const auto at = [&](int k) { return data[k] + row * across[k] + (shared ? 0 : start * strides[k]); };
      T* out[outputs];
      const T* in[inputs];
      const int64_t from = shared ? start : 0;
      for (int k = outputs; k < operands; ++k)
        in[k - outputs] = read<D>(buffer[k], at(k), strides[k], across[k], size0, from, count, whole, lies(k));
      for (int k = 0; k < outputs; ++k) out[k] = wide && lies(k) ? reinterpret_cast<T*>(at(k)) : buffer[k];
      compute<P, V, limited, T>(call, out, in, whole);
      for (int k = 0; k < outputs; ++k)
        write<D>(at(k), out[k], strides[k], across[k], size0, from, count, whole, lies(k));
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
