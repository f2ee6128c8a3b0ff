// SPDX-License-Identifier: Apache-2.0
#include "sole.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

namespace smoothact {

bool is_plain(const at::Tensor& t) {
  const auto keys = t.key_set() - c10::autograd_dispatch_keyset_with_ADInplaceOrView - c10::autocast_dispatch_keyset;
  return keys == c10::DispatchKeySet(c10::DispatchKey::CPU);
}

bool is_sole(const at::Tensor& gradient) {
  if (!gradient.defined() || at::GradMode::is_enabled() || c10::impl::TorchDispatchModeTLS::any_modes_set())
    return false;
  if (!is_plain(gradient) || gradient.use_count() != 1 || gradient.weak_use_count() != 1) return false;
  const c10::Storage& storage = gradient.storage();
  // Memory of another library's, as of an array of NumPy's, has owners that are not counted.
  return storage.use_count() == 1 && storage.data_ptr().get_deleter() == c10::GetCPUAllocator()->raw_deleter();
}

}  // namespace smoothact
