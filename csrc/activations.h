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
    LeakyRelu,
    Hardtanh,
    Relu6,
    Hardsigmoid,
    HardSigmoid,
    Hardswish,
    HardMish,
    ReluSquared,
    StarRelu,
    Identity,
    Celu,
    Pelu,
    Isrlu,
    Smelu,
    Smoothstep,
    Sqnl,
    LaplaceCdf,
    LaplaceRelu,
    BentIdentity,
    Gelu10,
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
    GateArctan,
    LogSigmoid,
    ShiftedSigmoid,
    SwishGradStep,
    SwishGradStepSeed,
    LecunTanh,
    TanhRelu,
    Tanhshrink,
    AbsTanh,
    AbsLogCosh,
    LogCosh,
    LogCoshRelu,
    GateTanhRelu,
    Elish,
    MishGateStep,
    SigmoidPow,
    DynamicTanh,
    SqrtSoftplus,
    SigmoidSqIntegral,
    Eswish,
    AconC,
    Xielu
>;
// clang-format on

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
