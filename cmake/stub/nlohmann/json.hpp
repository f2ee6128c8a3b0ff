// SPDX-License-Identifier: Apache-2.0
// ATen/functorch's headers name this type in the signatures of functions that nothing here calls, and the torch wheel
// does not ship it.
#pragma once
#include <string>

namespace nlohmann {
struct json {
  json() = default;
  template <class T>
  json(const T&);
  std::string dump() const;
  static json parse(const std::string&);
  template <class T>
  T get() const;
};
}  // namespace nlohmann
