// SPDX-License-Identifier: Apache-2.0
#include "smooth_max.h"

namespace smoothact::cpu {
namespace {

SmoothMaxRows& rows_at(Isa isa, Order order, bool boltzmann, DType dtype) {
  static SmoothMaxRows table[isas][orders][2][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(order)][boltzmann][static_cast<int>(dtype)];
}

}  // namespace

void add_smooth_max(Isa isa, Order order, bool boltzmann, DType dtype, SmoothMaxRows rows) {
  rows_at(isa, order, boltzmann, dtype) = rows;
}
SmoothMaxRows find_smooth_max(Order order, SmoothMaxKind kind, DType dtype) {
  return rows_at(active(), order, kind == SmoothMaxKind::boltzmann, dtype);
}

}  // namespace smoothact::cpu
