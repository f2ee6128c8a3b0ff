// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set.
#include "smooth_max.h"

#include "smooth_max_columns.h"
#include "smooth_max_rows.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

// Short rows, turned so that a register has one element of each of several: a step of one row would be filled up for
// few elements, and its lanes added up.
template <Order O, bool Boltzmann, DType D>
void run_short_rows(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides, int64_t rows) {
  using E = Element<D>;
  constexpr int64_t together = cpu::smooth_max_together, size = sizeof(E);
  constexpr int operands = cpu::smooth_max_operands(O), outputs = O == Order::double_backward ? 2 : 1;
  cpu::SmoothMaxPass turned = pass;
  char* at[operands];
  for (int64_t start = 0; start < rows; start += together) {
    // A pack at least, if some rows are computed twice: they come out the same.
    const int64_t first = std::min(start, std::max(rows - together, int64_t{0})), count = std::min(together, rows);
    int buffer = 0;
    const auto turn = [&]<bool there>(int k) {
      E* const block = reinterpret_cast<E*>(at[k]);
      for (int64_t r = 0; r < count; ++r) {
        char* p = data[k] + (first + r) * strides[k];
        for (int64_t i = 0; i < pass.length; ++i, p += pass.along[k]) {
          if constexpr (there)
            std::memcpy(block + i * together + r, p, size);
          else
            std::memcpy(p, block + i * together + r, size);
        }
      }
    };
    for (int k = 0; k < operands; ++k) {
      at[k] = data[k] + first * strides[k];
      if (!cpu::has_elements(O, k)) continue;
      at[k] = pass.scratch + buffer++ * together * pass.length * size;
      turned.along[k] = together * size;
      if (k >= outputs) turn.template operator()<true>(k);
    }
    SmoothMaxColumns<O, Boltzmann, D>(turned, at, strides).run(count);
    for (int k = 0; k < outputs; ++k)
      if (cpu::has_elements(O, k)) turn.template operator()<false>(k);
  }
}

template <Order O, bool Boltzmann, DType D>
void run_rows(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides, int64_t rows) {
  bool dense = true, across = true;
  for (int k = 0; k < cpu::smooth_max_operands(O); ++k) {
    if (!cpu::has_elements(O, k)) continue;
    dense = dense && pass.along[k] == sizeof(Element<D>);
    across = across && strides[k] == sizeof(Element<D>);
  }
  const bool many = rows >= Pack<D>::lanes;
  if (across && many && !dense)
    SmoothMaxColumns<O, Boltzmann, D>(pass, data, strides).run(rows);
  else if (many && pass.length <= cpu::smooth_max_short)
    run_short_rows<O, Boltzmann, D>(pass, data, strides, rows);
  else
    SmoothMaxRows<O, Boltzmann, D>(pass, data, strides, dense).run(rows);
}

template <Order O, DType... D>
void add_kinds() {
  constexpr auto isa = cpu::Isa::SMOOTHACT_ISA;
  (cpu::add_smooth_max(isa, O, false, D, &run_rows<O, false, D>), ...);
  (cpu::add_smooth_max(isa, O, true, D, &run_rows<O, true, D>), ...);
}
template <Order... O>
void add_orders() {
  (add_kinds<O, DType::f64, DType::f32, DType::bf16, DType::f16>(), ...);
}

const bool added = (add_orders<Order::forward, Order::backward, Order::double_backward>(), true);

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
