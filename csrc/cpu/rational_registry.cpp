// SPDX-License-Identifier: Apache-2.0
#include "rational.h"

namespace smoothact::cpu {
namespace {

RationalLoops& loops_at(Isa isa, DType dtype) {
  static RationalLoops table[isas][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(dtype)];
}

}  // namespace

void add_rational(Isa isa, DType dtype, RationalValue value, RationalGradients gradients) {
  loops_at(isa, dtype) = {value, gradients};
}
RationalLoops find_rational(DType dtype) { return loops_at(active(), dtype); }

}  // namespace smoothact::cpu
