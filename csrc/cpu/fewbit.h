// SPDX-License-Identifier: Apache-2.0
// The loops of codes of a few bits: one table per instruction set, as registry.h. They go over dense elements.
#pragma once

#include "../kernels/fewbit.h"
#include "registry.h"

namespace smoothact::cpu {

// 2^bits - 1 boundaries, of which an element's code is how many it exceeds.
using PackCodes = void (*)(const double* boundaries, const char* x, unsigned char* codes, int64_t count);
// out = grad * levels[code], of 2^bits levels.
using ApplyCodes = void (*)(const double* levels, const char* grad, const unsigned char* codes, char* out,
                            int64_t count);

struct FewBitLoops {
  PackCodes pack;
  ApplyCodes apply;
};

void add_fewbit(Isa, DType, int bits, FewBitLoops);
FewBitLoops find_fewbit(DType, int bits);

}  // namespace smoothact::cpu
