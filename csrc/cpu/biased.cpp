// SPDX-License-Identifier: Apache-2.0
// As gates.cpp on the loops that the registry holds, so compiled once per instruction set.
#include "biased.h"

#include "blocks.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

using cpu::BiasedCall, cpu::BiasedOperand, cpu::BiasedRows;

template <class T>
void run_loop(const BiasedCall& call, T* const* out, int outputs, const T* const* in, int inputs, int64_t count) {
  char* data[max_operands];
  int64_t strides[2 * max_operands] = {};
  for (int k = 0; k < outputs; ++k) data[k] = reinterpret_cast<char*>(out[k]);
  for (int k = 0; k < inputs; ++k) data[outputs + k] = reinterpret_cast<char*>(const_cast<T*>(in[k]));
  for (int k = 0; k < outputs + inputs; ++k) strides[k] = sizeof(T);
  call.loop(call.gate.parameters, data, strides, count, 1);
}

template <Operation O, bool limited, DType D>
void biased_loop(const BiasedCall& call, const BiasedRows& r) {
  using E = Element<D>;
  using T = Wide<D>;
  constexpr bool wide = std::is_same_v<E, T>;
  constexpr int outputs = outputs_of(O), inputs = inputs_of(O), operands = outputs + inputs, values = values_of(O);
  constexpr int64_t lanes = Pack<D>::lanes, block = block_length<T>;
  static_assert(cpu::biased_block % block == 0 && block % lanes == 0);

  alignas(64) T buffer[operands][block];
  for (int64_t row = 0; row < r.rows; ++row) {
    for (int64_t start = 0, count; start < r.columns; start += count) {
      count = std::min(block, r.columns - start);
      const int64_t whole = (count + lanes - 1) / lanes * lanes;
      const auto lies = [&](int k) { return count == whole && r.operands[k].stride == sizeof(E); };
      const auto at = [&](int k) {
        const BiasedOperand& o = r.operands[k];
        return o.data + row * o.across + start * o.stride;
      };
      T* out[outputs];
      const T* in[inputs];
      for (int k = outputs; k < operands; ++k)
        in[k - outputs] =
            read<D, Places::in_order>(buffer[k], at(k), r.operands[k].stride, 0, r.columns, 0, count, whole, lies(k));
      for (int v = 0; v < values; ++v) {
        if (!r.bias[v]) continue;
        const T* x = in[inputs - values + v];
        T* sum = buffer[operands - values + v];
        if (r.each_column)
          each(sum, count, [x, b = static_cast<const T*>(r.bias[v]) + start](int64_t i) { return x[i] + b[i]; });
        else
          each(sum, count, [x, b = *static_cast<const T*>(r.bias[v])](int64_t i) { return x[i] + b; });
        in[inputs - values + v] = sum;
      }
      for (int k = 0; k < outputs; ++k)
        out[k] = wide && r.operands[k].data && lies(k) ? reinterpret_cast<T*>(at(k)) : buffer[k];
      if (call.loop)
        run_loop(call, out, outputs, in, inputs, whole);
      else if constexpr (is_gate(O))
        compute<O == Operation::gate ? GatePart::forward : GatePart::backward, no_direction, limited, T>(call.gate, out,
                                                                                                         in, whole);
      for (int k = 0; k < outputs; ++k) {
        if (r.sums[k]) {
          double* const s = r.sums[k] + (r.each_column ? start : start % cpu::biased_block);
          each(s, count, [s, y = out[k]](int64_t i) { return s[i] + double{y[i]}; });
        }
        if (r.operands[k].data)
          write<D, Places::in_order>(at(k), out[k], r.operands[k].stride, 0, r.columns, 0, count, whole, lies(k));
      }
    }
  }
}

template <Operation O, bool limited, DType... D>
void add_dtypes() {
  (cpu::add_biased(cpu::Isa::SMOOTHACT_ISA, O, limited, D, &biased_loop<O, limited, D>), ...);
}
template <Operation O, bool limited>
void add_all() {
  add_dtypes<O, limited, DType::f64, DType::f32, DType::bf16, DType::f16>();
}

const bool added = [] {
  add_all<Operation::forward, false>();
  add_all<Operation::backward, false>();
  add_all<Operation::gate, false>();
  add_all<Operation::gate, true>();
  add_all<Operation::gate_backward, false>();
  add_all<Operation::gate_backward, true>();
  return true;
}();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
