// SPDX-License-Identifier: Apache-2.0
#include "pages.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace smoothact {

void ask_for_large_pages([[maybe_unused]] const at::Tensor& fresh) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr size_t page = size_t(2) << 20, least = 2 * page;
  if (!fresh.is_cpu() || fresh.nbytes() < least) return;
  const auto begin = reinterpret_cast<uintptr_t>(fresh.const_data_ptr());
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + fresh.nbytes()) / page * page;
  // A wish: what comes of it changes no result.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace smoothact
