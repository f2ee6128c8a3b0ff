// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace smoothact {

// Whether a gradient that a node was handed may be overwritten, since nobody can ever read it again: it is not
// recorded, nothing else refers to it or its memory, which is the CPU allocator's and all its own. On CUDA what has let
// go of a gradient may still read it, on another stream.
bool is_sole(const at::Tensor& gradient);
// On the CPU, and neither of a subclass nor a tensor that stands for another one.
bool is_plain(const at::Tensor&);

}  // namespace smoothact
