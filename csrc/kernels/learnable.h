// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../activations.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// Calls use.operator()<A, its place in the list>() for those of this translation unit's shard that have parameters.
template <class Use>
bool for_each_learnable(const Use& use) {
  Activations::for_each([&]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD && A::descriptor.parameters.size > 0)
      use.template operator()<A, I>();
  });
  return true;
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
