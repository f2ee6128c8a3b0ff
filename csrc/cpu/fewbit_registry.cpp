// SPDX-License-Identifier: Apache-2.0
#include "fewbit.h"

namespace smoothact::cpu {
namespace {

FewBitLoops& loops_at(Isa isa, DType dtype, int bits) {
  static FewBitLoops table[isas][dtypes][most_code_bits - least_code_bits + 1]{};
  return table[static_cast<int>(isa)][static_cast<int>(dtype)][bits - least_code_bits];
}

}  // namespace

void add_fewbit(Isa isa, DType dtype, int bits, FewBitLoops loops) { loops_at(isa, dtype, bits) = loops; }
FewBitLoops find_fewbit(DType dtype, int bits) { return loops_at(active(), dtype, bits); }

}  // namespace smoothact::cpu
