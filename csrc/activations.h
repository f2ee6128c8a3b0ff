// SPDX-License-Identifier: Apache-2.0
// The one list. Ops, kernels, modules, tests and docs all walk it.
#pragma once

// Written by CMake: includes every header of activations/.
#include "activations/all.h"
#include "activations/type_list.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

#ifdef SMOOTHACT_ONLY  // a few of them, while one works on these: SMOOTHACT_ONLY="Mish Gelu" make develop
using Activations = TypeList<SMOOTHACT_ONLY>;
#else
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
    LogCoshAbs,
    LogCoshRelu,
    GateTanhRelu,
    Elish,
    MishGateStep,
    DynamicTanh,
    SqrtSoftplus,
    SigmoidSqIntegral,
    Eswish,
    AconC,
    Xielu,
    Telu,
    TanhExpStep,
    GompertzStep,
    Golu,
    CloglogStep,
    LogCoshStep,
    LogCoshSign,
    GateLogCosh,
    AbsLogCoshRatio,
    TanhLogCoshStep,
    Gish,
    Logish,
    Smish,
    Mila,
    GudermannStep,
    GudermannSign,
    SoftClipping,
    AbsSech,
    HalfAbsSech,
    ErfSoftplusStep,
    Serf,
    Phish,
    SigmoidPow,
    Smu,
    Derf
>;
// clang-format on
#endif

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
