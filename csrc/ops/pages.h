// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace smoothact {

// Of a result that is about to be written for the first time: the system hands out 4 KiB at a time, which takes several
// times as long as most activations of what goes there, unless it is asked for 2 MiB.
void ask_for_large_pages(const at::Tensor& fresh);

}  // namespace smoothact
