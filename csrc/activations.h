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
    TeLU,
    TanhExpStep,
    GompertzStep,
    GoLU,
    CLogLogStep,
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
    Phish
>;
// clang-format on

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
