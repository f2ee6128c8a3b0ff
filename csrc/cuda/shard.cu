// SPDX-License-Identifier: Apache-2.0
// Compiled once for each shard, which bounds the time and memory of one translation unit: shard s of n has
// the activations s, s + n, s + 2n ... of the list.
#include <new>
#include <type_traits>
#include <utility>

#include "../activations.h"
#include "elementwise.cuh"
#include "launch.h"

namespace smoothact::cuda {
namespace {

template <class A, int I>
void fill(Entry& entry) {
  constexpr Operation operation{I / dtypes};
  constexpr DType dtype{I % dtypes};
  if constexpr (compiled(operation, dtype))
    entry.kernels[I / dtypes][I % dtypes].function =
        reinterpret_cast<const void*>(pointwise_kernel<A, operation, dtype>);
}

template <class A>
struct EntryFor : Entry {
  static_assert(std::is_trivially_copyable_v<A> && sizeof(A) <= activation_bytes && alignof(A) <= 16);
  template <int... I>
  explicit EntryFor(std::integer_sequence<int, I...>) {
    make = [](const double* parameters, void* place) { new (place) A(from_parameters<A>(parameters)); };
    (fill<A, I>(*this), ...);
  }
};

template <class A>
Entry& entry_for() {
  static EntryFor<A> entry(std::make_integer_sequence<int, operations * dtypes>{});
  return entry;
}

}  // namespace

template <int Shard>
Entry& shard_entry(int n);

template <>
Entry& shard_entry<SMOOTHACT_SHARD>(int n) {
  constexpr int count = (Activations::size - SMOOTHACT_SHARD + SMOOTHACT_SHARDS - 1) / SMOOTHACT_SHARDS;
  return [n]<std::size_t... I>(std::index_sequence<I...>)->Entry& {
    using Get = Entry& (*)();
    constexpr Get get[] = {entry_for<Activations::at<SMOOTHACT_SHARD + I * SMOOTHACT_SHARDS>>...};
    return get[n]();
  }
  (std::make_index_sequence<count>{});
}

#if SMOOTHACT_SHARD == 0
Entry& entry_of(int activation) {
  return [activation]<int... Shard>(std::integer_sequence<int, Shard...>)->Entry& {
    using Get = Entry& (*)(int);
    constexpr Get get[] = {shard_entry<Shard>...};
    return get[activation % SMOOTHACT_SHARDS](activation / SMOOTHACT_SHARDS);
  }
  (std::make_integer_sequence<int, SMOOTHACT_SHARDS>{});
}
#endif

}  // namespace smoothact::cuda
