// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set.
#include "blocks.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

// Calls use(i, element) of each.
template <DType D, class F>
SMOOTHACT_FN void each_widened(const void* p, int64_t count, const F& use) {
  using T = Wide<D>;
  constexpr int64_t lanes = Pack<D>::lanes, size = sizeof(Element<D>);
  alignas(64) Block<T> buffer;
  for (int64_t start = 0, n; start < count; start += n) {
    n = std::min(block_length<T>, count - start);
    const int64_t whole = (n + lanes - 1) / lanes * lanes;
    char* const at = static_cast<char*>(const_cast<void*>(p)) + start * size;
    const T* const v = read<D, Places::in_order>(buffer, at, size, 0, n, 0, n, whole, n == whole);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) use(start + i, v[i]);
  }
}

template <DType D>
void widening(const cpu::SlopeOperands& o, double* x, double* grad, int64_t count) {
  const auto bias = static_cast<Wide<D>>(o.bias);
  each_widened<D>(o.self, count, [=](int64_t i, auto v) { x[i] = v + bias; });
  each_widened<D>(o.grad, count, [=](int64_t i, auto v) { grad[i] = v; });
  if (o.up) each_widened<D>(o.up, count, [=](int64_t i, auto v) { grad[i] *= static_cast<double>(v); });
}

template <DType... D>
void add() {
  (cpu::add_widening(cpu::Isa::SMOOTHACT_ISA, D, &widening<D>), ...);
}
const bool added = (add<DType::f64, DType::f32, DType::bf16, DType::f16>(), true);

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
