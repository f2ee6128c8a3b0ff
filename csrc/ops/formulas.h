// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry.h"

namespace smoothact {

// An activation on tensors of float and of double.
struct Formulas {
  using Formula = at::Tensor (*)(Inputs, const double*);
  Formula of[2][orders];
};
void add_formulas(int activation, const Formulas&);

}  // namespace smoothact
