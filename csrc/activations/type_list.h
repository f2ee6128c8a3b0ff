// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "../math/number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

template <class... A>
struct TypeList {
  static constexpr int size = sizeof...(A);
  template <std::size_t I>
  using at = std::tuple_element_t<I, std::tuple<A...>>;

  template <class B>
  static constexpr int index_of = [] {
    int i = 0;
    (void)((std::is_same_v<A, B> || (++i, false)) || ...);
    return i;
  }();

  // Calls visit.operator()<A, I>() for every entry.
  template <class Visitor>
  static constexpr void for_each(Visitor&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit.template operator()<A, static_cast<int>(I)>(), ...); }
    (std::index_sequence_for<A...>{});
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
