// SPDX-License-Identifier: Apache-2.0
// One registered op family: name, name_backward, name_double_backward, and name_ where torch.nn has it. The dispatcher
// needs each op's exact signature; Op hides it, so that every kernel is one plain function for the whole list.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <memory>

#include "entry.h"

namespace smoothact {

class Op;
using Kernel = at::Tensor (*)(const Op&, c10::DispatchKeySet, Order, Inputs, const Parameters&);
using InplaceKernel = void (*)(const Op&, c10::DispatchKeySet, const at::Tensor& self, const Parameters&);

class Op {
 public:
  const Entry& entry;
  const int id;          // its place in ops()
  const char* overload;  // "" runs the kernel, "fuse" is what the compiler takes apart

  Op(const Entry& e, int id, const char* overload) : entry(e), id(id), overload(overload) {}
  virtual ~Op() = default;

  virtual at::Tensor call(Order, Inputs, const Parameters&) const = 0;
  virtual at::Tensor redispatch(c10::DispatchKeySet, Order, Inputs, const Parameters&) const = 0;
  virtual void redispatch_inplace(c10::DispatchKeySet, const at::Tensor&, const Parameters&) const = 0;

  virtual void implement(torch::Library&, Kernel) const = 0;
  virtual void implement_inplace(torch::Library&, InplaceKernel) const = 0;

  bool has_inplace() const { return entry.descriptor->inplace && *overload == '\0'; }
  std::string qualified(Order o) const { return op_name(entry, o) + (*overload ? "." : "") + overload; }
};

const std::vector<std::unique_ptr<Op>>& ops();

// The kernel-running op of an entry.
inline const Op& op_of(int activation) { return *ops()[2 * activation]; }

}  // namespace smoothact
