// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace smoothact::cuda {

struct LearnedKernels {
  const void *forward = nullptr, *backward = nullptr, *gated = nullptr;
};
// By the activation's place in the list; the shards put theirs there when the library is loaded.
LearnedKernels& learned_kernels(int activation);

}  // namespace smoothact::cuda
