// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../activations.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// Calls use.operator()<A, its place in the list>() for those of this translation unit's shard, and for those of them
// that have parameters.
template <class Use>
bool for_each_of_shard(const Use& use) {
  Activations::for_each([&]<class A, int I>() {
    if constexpr (I % SMOOTHACT_SHARDS == SMOOTHACT_SHARD) use.template operator()<A, I>();
  });
  return true;
}
template <class Use>
bool for_each_learnable(const Use& use) {
  return for_each_of_shard([&]<class A, int I>() {
    if constexpr (A::descriptor.parameters.size > 0) use.template operator()<A, I>();
  });
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
