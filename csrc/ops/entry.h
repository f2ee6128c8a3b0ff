// SPDX-License-Identifier: Apache-2.0
// The list at run time. Ops are templates on the parameters' types only and carry a pointer to their entry, so their
// number does not grow with the list.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "../activations/descriptor.h"
#include "../kernels/request.h"

namespace smoothact {

using Parameters = std::array<double, most_parameters>;

struct Entry {
  int index;
  std::string name;
  const Descriptor* descriptor;
  bool two_terms;  // of which a double is computed in
};

const std::vector<Entry>& entries();

struct DomainBounds {
  const char *name, *words;
  bool (*hold)(double);
};
const DomainBounds& bounds_of(Domain);

inline constexpr const char* suffixes[orders] = {"", "_backward", "_double_backward"};
inline std::string op_name(const Entry& e, Order order) { return e.name + suffixes[static_cast<int>(order)]; }

// Argument order of the ops: what the entry's loops take.
using Inputs = at::ArrayRef<at::Tensor>;

// Of a tensor that check_input let pass.
inline DType dtype_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return DType::f64;
    case at::kFloat:
      return DType::f32;
    case at::kBFloat16:
      return DType::bf16;
    default:
      return DType::f16;
  }
}

// What a tensor of the type is computed in.
inline at::ScalarType computed_type(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

// Raise what torch would raise: NotImplementedError for a dtype or layout, ValueError for a parameter.
void check_input(const Entry&, Order, const at::Tensor&);
void check_tensor(const at::Tensor&, c10::function_ref<std::string()> name);
void check_parameters(const Entry&, const Parameters&);
// Whether they would pass.
bool takes_parameters(const Entry&, const Parameters&);

at::Tensor compute(const Entry&, Order, Inputs, const Parameters&);
void compute_inplace(const Entry&, const at::Tensor& self, const Parameters&);
// Backward in the place of grad, where both are of one layout and on the CPU; else false.
bool compute_over_grad(const Entry&, const at::Tensor& grad, const at::Tensor& self, const Parameters&);
at::Tensor meta(const Entry&, Order, Inputs, const Parameters&);
at::Tensor composite(const Entry&, Order, Inputs, const Parameters&);

inline double to_raw(double p) { return p; }
inline double to_raw(const std::optional<double>& p) { return p.value_or(infinity); }
template <class P>
P from_raw(double p) {
  if constexpr (std::is_same_v<P, double>)
    return p;
  else
    return p == infinity ? P() : P(p);
}

}  // namespace smoothact
