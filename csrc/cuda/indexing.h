// SPDX-License-Identifier: Apache-2.0
// Which thread touches which bytes. Everything here runs on the host too, where the tests walk whole grids.
//
// A problem is cut into pieces of at most 2^30 elements, so that the device counts in 32 bits (and divides by
// multiplication) however large the tensor; only byte offsets are 64-bit. A piece becomes a Plan over items: packs of
// adjacent elements, or single elements where strides or alignment allow no more.
#pragma once

#include <cstdint>

#include "../kernels/request.h"
#include "../math/number.h"

namespace smoothact::cuda {

// n / divisor for n < 2^31: the quotient is the high half of n * (2^32 + magic), shifted.
struct Divider {
  uint32_t divisor = 1, magic = 1, shift = 0;

  Divider() = default;
  explicit constexpr Divider(uint32_t d) : divisor(d) {
    while ((uint64_t{1} << shift) < d) ++shift;
    magic = static_cast<uint32_t>(((((uint64_t{1} << shift) - d) << 32) / d) + 1);
  }
  SMOOTHACT_FN constexpr uint32_t quotient(uint32_t n) const {
    return (static_cast<uint32_t>((uint64_t{n} * magic) >> 32) + n) >> shift;
  }
};

inline constexpr int64_t piece_elements = int64_t{1} << 30;
inline constexpr int threads_per_block = 256;

struct Problem {
  char* operands[max_operands];
  int count;  // of operands
  int element;  // bytes
  int ndim;
  int64_t sizes[max_dims];
  int64_t strides[max_operands][max_dims];

  int64_t numel() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= sizes[d];
    return n;
  }
};

// The request without dimensions of size 1; at least one dimension stays.
inline Problem problem_of(const Request& request) {
  Problem p{};
  p.count = inputs_of(request.order) + 1;
  p.element = element_bytes(request.dtype);
  for (int k = 0; k < p.count; ++k) p.operands[k] = static_cast<char*>(request.operands[k]);
  for (int d = 0; d < request.ndim; ++d) {
    if (request.sizes[d] == 1) continue;
    p.sizes[p.ndim] = request.sizes[d];
    for (int k = 0; k < p.count; ++k) p.strides[k][p.ndim] = request.strides[k][d];
    ++p.ndim;
  }
  if (p.ndim == 0) {
    p.ndim = 1;
    p.sizes[0] = 1;
    for (int k = 0; k < p.count; ++k) p.strides[k][0] = p.element;
  }
  return p;
}

// Cuts the slowest dimension into runs that fit; if one slice of it is still too large, cuts within each slice.
template <class Visitor>
void for_each_piece(Problem p, Visitor&& visit) {
  const int64_t numel = p.numel();
  if (numel == 0) return;
  if (numel <= piece_elements) return visit(p);
  const int last = p.ndim - 1;
  const int64_t size = p.sizes[last], slice = numel / size;
  const int64_t run = slice < piece_elements ? piece_elements / slice : 1;
  for (int64_t begin = 0; begin < size; begin += run) {
    Problem piece = p;
    piece.sizes[last] = size - begin < run ? size - begin : run;
    for (int k = 0; k < p.count; ++k) piece.operands[k] += begin * p.strides[k][last];
    if (piece.sizes[last] == 1 && last > 0) --piece.ndim;
    for_each_piece(piece, visit);
  }
}

// Dims: how many dimensions its kernel argument has room for.
template <int Dims>
struct Plan {
  char* operands[max_operands];  // at item 0
  int64_t strides[max_operands][Dims];  // bytes from item to item along each dimension
  Divider sizes[Dims];                  // in items; the last is not divided by
  int ndim;
  uint32_t items;
  uint32_t head, tail;  // elements before and after the packs, of a one-dimensional plan

  template <int Operands>
  SMOOTHACT_FN void offsets(uint32_t item, int64_t (&offset)[Operands]) const {
    for (int k = 0; k < Operands; ++k) offset[k] = 0;
    for (int d = 0; d + 1 < ndim; ++d) {
      const uint32_t quotient = sizes[d].quotient(item), rest = item - quotient * sizes[d].divisor;
      for (int k = 0; k < Operands; ++k) offset[k] += rest * strides[k][d];
      item = quotient;
    }
    for (int k = 0; k < Operands; ++k) offset[k] += item * strides[k][ndim - 1];
  }
  SMOOTHACT_FN bool repeats(int operand) const { return strides[operand][0] == 0; }
};

using PackPlan = Plan<3>;
using ElementPlan = Plan<max_dims>;

inline ElementPlan element_plan(const Problem& p) {
  ElementPlan plan{};
  plan.ndim = p.ndim;
  plan.items = static_cast<uint32_t>(p.numel());
  for (int d = 0; d < p.ndim; ++d) plan.sizes[d] = Divider(static_cast<uint32_t>(p.sizes[d]));
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] = p.operands[k];
    for (int d = 0; d < p.ndim; ++d) plan.strides[k][d] = p.strides[k][d];
  }
  return plan;
}

// Packs of `bytes` adjacent bytes, where every operand either advances element by element along dimension 0 or repeats
// one element. In one dimension the operands must share their misalignment, and elements up to the first boundary
// are peeled; in more, every row must begin and end on a boundary. Returns false where packs do not fit.
inline bool pack_plan(const Problem& p, int bytes, PackPlan& plan) {
  const int lanes = bytes / p.element;
  plan = {};
  if (p.ndim > 3 || p.strides[0][0] != p.element) return false;
  const auto misalignment = [&](int64_t address) { return static_cast<uint32_t>(address & (bytes - 1)); };
  const auto address = [&](int k) { return static_cast<int64_t>(reinterpret_cast<uintptr_t>(p.operands[k])); };
  const uint32_t common = misalignment(address(0));
  if (common % p.element != 0) return false;
  for (int k = 0; k < p.count; ++k) {
    if (p.strides[k][0] == 0) continue;
    if (p.strides[k][0] != p.element || misalignment(address(k)) != common) return false;
    for (int d = 1; d < p.ndim; ++d)
      if (misalignment(p.strides[k][d]) != 0) return false;
  }
  if (p.ndim > 1 && (common != 0 || p.sizes[0] % lanes != 0)) return false;

  const uint32_t numel = static_cast<uint32_t>(p.numel());
  const uint32_t to_boundary = common == 0 ? 0 : (bytes - common) / p.element;
  plan.ndim = p.ndim;
  plan.head = to_boundary < numel ? to_boundary : numel;
  plan.items = (numel - plan.head) / lanes;
  plan.tail = numel - plan.head - plan.items * lanes;
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] = p.operands[k] + plan.head * p.strides[k][0];
    plan.strides[k][0] = p.strides[k][0] * lanes;
    for (int d = 1; d < p.ndim; ++d) plan.strides[k][d] = p.strides[k][d];
  }
  plan.sizes[0] = Divider(static_cast<uint32_t>(p.ndim > 1 ? p.sizes[0] / lanes : 1));
  for (int d = 1; d < p.ndim; ++d) plan.sizes[d] = Divider(static_cast<uint32_t>(p.sizes[d]));
  return true;
}

// A block takes tiles of `unroll` items a thread, neighbouring threads neighbouring items, and strides by the grid.
template <int Unroll>
struct Tiles {
  static constexpr uint32_t size = Unroll * threads_per_block;
  static SMOOTHACT_FN constexpr uint32_t item(uint32_t first, int u) { return first + u * threads_per_block; }
  static constexpr uint32_t blocks(uint32_t items, uint32_t resident) {
    const uint32_t needed = items / size + (items % size != 0);
    const uint32_t least = needed > 0 ? needed : 1;  // block 0 also does head and tail
    return least < resident ? least : resident;
  }
};

}  // namespace smoothact::cuda
