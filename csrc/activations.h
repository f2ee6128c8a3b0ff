// SPDX-License-Identifier: Apache-2.0
// The one list. Ops, kernels, modules, tests and docs all walk it.
#pragma once

#include "activations/elu.h"
#include "activations/gelu.h"
#include "activations/gelu_tanh.h"
#include "activations/mish.h"
#include "activations/quick_gelu.h"
#include "activations/relu.h"
#include "activations/selu.h"
#include "activations/sigmoid.h"
#include "activations/silu.h"
#include "activations/softplus.h"
#include "activations/softsign.h"
#include "activations/squareplus.h"
#include "activations/swish.h"
#include "activations/tanh.h"
#include "activations/type_list.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

using Activations = TypeList<Relu, Sigmoid, Tanh, Softsign, Softplus, Silu, Swish, Mish, Gelu, GeluTanh, QuickGelu, Elu,
                             Selu, Squareplus>;

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
