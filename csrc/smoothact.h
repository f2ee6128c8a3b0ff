// SPDX-License-Identifier: Apache-2.0
// The C++ API: smoothact::mish(x), smoothact::swish(x, 1.5), one function per activation, parameters in the order of
// its descriptor. They are the registered ops: autograd, every device and every transform come with them.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>

#include "activations.h"

#if defined(_WIN32)
#define SMOOTHACT_API
#else
#define SMOOTHACT_API __attribute__((visibility("default")))
#endif

namespace smoothact {

// Calls the activation at this place of the list; parameters left out take their defaults.
SMOOTHACT_API at::Tensor call(int activation, const at::Tensor& self, std::initializer_list<double> parameters);

template <class A, class... P>
at::Tensor call(const Function<A>&, const at::Tensor& self, P... parameters) {
  static_assert(sizeof...(P) <= A::descriptor.parameters.size, "more arguments than the activation has parameters");
  return call(Activations::index_of<A>, self, {static_cast<double>(parameters)...});
}

}  // namespace smoothact
