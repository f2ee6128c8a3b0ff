// SPDX-License-Identifier: Apache-2.0
// The one list. Ops, kernels, modules, tests and docs all walk it.
#pragma once

// Written by CMake: includes every header of activations/.
#include "activations/all.h"
#include "activations/type_list.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// clang-format off
using Activations = TypeList<
    Relu,
    Sigmoid,
    Tanh,
    Softsign,
    Softplus,
    Silu,
    Swish,
    Mish,
    Gelu,
    GeluTanh,
    QuickGelu,
    Elu,
    Selu,
    Squareplus,
    NormalCdfStep,
    ErfSign,
    GaussianRelu,
    AbsErf,
    Derf,
    Smu,
    AlgebraicStep,
    Isru,
    AbsSqrt,
    AbsRatio,
    HalfAbsRatio,
    GateAlgebraic,
    Smu1,
    SoftsignStep,
    SoftsignRelu,
    ArctanStep,
    ArctanSign,
    ArctanRelu,
    GateArctan
>;
// clang-format on

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
