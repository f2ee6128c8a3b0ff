// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set.
#include "smooth_max.h"

#include "smooth_max_columns.h"
#include "smooth_max_rows.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

template <Order O, bool Boltzmann, DType D>
void run_rows(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides, int64_t rows) {
  bool dense = true, across = rows >= Pack<D>::lanes;
  for (int k = 0; k < cpu::smooth_max_operands(O); ++k) {
    if (!cpu::has_elements(O, k)) continue;
    dense = dense && pass.along[k] == sizeof(Element<D>);
    across = across && strides[k] == sizeof(Element<D>);
  }
  if (across && !dense)
    SmoothMaxColumns<O, Boltzmann, D>(pass, data, strides).run(rows);
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
