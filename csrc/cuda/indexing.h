// SPDX-License-Identifier: Apache-2.0
// Which thread touches which bytes. Everything here runs on the host too, where the tests walk whole grids.
//
// A problem is cut into pieces of at most 2^30 elements, so that the device counts in 32 bits (and divides by
// multiplication) however large the tensor; only byte offsets are 64-bit. A piece becomes a Plan: packs of adjacent
// elements, one a thread, and elements that go one by one where strides or alignment allow no packs. Every thread has
// one pack or one tile's share and no more: blocks that stay resident and stride through memory reach nine tenths of
// the bandwidth.
#pragma once

#include <cstdint>

#include "../kernels/request.h"
#include "../math/number.h"

#if defined(__CUDA_ARCH__)
#define SMOOTHACT_UNROLL _Pragma("unroll")
#define SMOOTHACT_NO_UNROLL _Pragma("unroll 1")
#else
#define SMOOTHACT_UNROLL
#define SMOOTHACT_NO_UNROLL
#endif

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

// A multiple of every pack, so that cutting misaligns nothing.
inline constexpr int64_t piece_elements = int64_t{1} << 30;
inline constexpr int threads_per_block = 256;

// Of the code that runs, which may be older than the device: Blackwell's data centre parts need twice the
// bytes in flight and have 256-bit accesses.
constexpr int pack_bytes(int architecture) { return architecture >= 100 && architecture < 120 ? 32 : 16; }

struct Problem {
  char* operands[max_operands];
  int count;      // of operands
  int gradients;  // bits of the operands that may be one value repeated
  int element;    // bytes
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
  const int outputs = outputs_of(request.operation), inputs = inputs_of(request.operation);
  Problem p{};
  p.count = outputs + inputs;
  p.gradients = ((1 << (inputs - values_of(request.operation))) - 1) << outputs;
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

inline constexpr int plan_dims = 8;

// Cuts the slowest dimension into runs that fit; if one slice of it is still too large, or has too many dimensions,
// cuts within each slice.
template <class Visitor>
void for_each_piece(const Problem& p, int64_t limit, Visitor&& visit) {
  const int64_t numel = p.numel();
  if (numel <= limit && p.ndim <= plan_dims) {
    if (numel > 0) visit(p);
    return;
  }
  const int last = p.ndim - 1;
  const int64_t size = p.sizes[last], slice = size == 0 ? 0 : numel / size;
  const int64_t run = numel > limit && slice < limit ? limit / slice : 1;
  for (int64_t begin = 0; begin < size; begin += run) {
    Problem piece = p;
    piece.sizes[last] = size - begin < run ? size - begin : run;
    for (int k = 0; k < p.count; ++k) piece.operands[k] += begin * p.strides[k][last];
    if (piece.sizes[last] == 1 && last > 0) --piece.ndim;
    for_each_piece(piece, limit, visit);
  }
}

// Where item i of an operand lies: i times its size, plus a jump for every time a dimension wrapped round before i.
// Items are packs, and then elements: all of them, or those before the first pack and after the last, where nothing
// wraps.
struct Plan {
  char* operands[max_operands];  // at pack 0
  int64_t step[max_operands];    // bytes from element to element of the fastest dimension
  uint64_t jump[max_operands][plan_dims - 1];
  Divider sizes[plan_dims - 1];  // in items
  int wraps;
  uint32_t packs, pack_blocks;
  uint32_t elements;
  uint32_t head, skip;  // of the elements, those before pack 0; and how many the packs have
  uint32_t repeats;     // bits of the operands that are one value repeated
  bool dense;           // nothing wraps or repeats: pack follows pack in every operand

  template <int Operands>
  SMOOTHACT_FN void wrap(uint32_t item, uint64_t (&offset)[Operands]) const {
    SMOOTHACT_NO_UNROLL
    for (int d = 0; d < wraps; ++d) {
      item = sizes[d].quotient(item);
      for (int k = 0; k < Operands; ++k) offset[k] += item * jump[k][d];
    }
  }
  template <int Bytes, int Operands>
  SMOOTHACT_FN void pack_addresses(uint32_t pack, char* (&address)[Operands]) const {
    uint64_t offset[Operands];
    for (int k = 0; k < Operands; ++k) offset[k] = repeats >> k & 1 ? 0 : uint64_t{pack} * Bytes;
    wrap(pack, offset);
    for (int k = 0; k < Operands; ++k) address[k] = operands[k] + static_cast<int64_t>(offset[k]);
  }
  template <int Operands>
  SMOOTHACT_FN void element_addresses(uint32_t element, char* (&address)[Operands]) const {
    const int64_t index = static_cast<int64_t>(element) - head + (element < head ? 0 : skip);
    uint64_t offset[Operands];
    for (int k = 0; k < Operands; ++k) offset[k] = static_cast<uint64_t>(index * step[k]);
    wrap(element, offset);
    for (int k = 0; k < Operands; ++k) address[k] = operands[k] + static_cast<int64_t>(offset[k]);
  }
};

// How many blocks take so many items a thread.
constexpr uint32_t blocks_for(uint32_t items, int per_thread) {
  const uint32_t tile = per_thread * threads_per_block;
  return items / tile + (items % tile != 0);
}

// Dimension 0 has sizes[0] / lanes items of `lanes` elements.
inline Plan lay_out(const Problem& p, int lanes) {
  Plan plan{};
  plan.wraps = p.ndim - 1;
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] = p.operands[k];
    plan.step[k] = p.strides[k][0];
    for (int d = 0; d < plan.wraps; ++d)
      plan.jump[k][d] = static_cast<uint64_t>(p.strides[k][d + 1] - p.sizes[d] * p.strides[k][d]);
  }
  for (int d = 0; d < plan.wraps; ++d)
    plan.sizes[d] = Divider(static_cast<uint32_t>(d == 0 ? p.sizes[d] / lanes : p.sizes[d]));
  return plan;
}

// Packs of `bytes` adjacent bytes, where every operand advances element by element along dimension 0 (gradients may
// also repeat one element). In one dimension the operands must share their misalignment, and elements up to the first
// boundary go one by one; in more, every row must begin and end on a boundary.
inline bool fits_packs(const Problem& p, int bytes) {
  const auto misalignment = [bytes](int64_t n) { return n & (bytes - 1); };
  const auto common = misalignment(static_cast<int64_t>(reinterpret_cast<uintptr_t>(p.operands[0])));
  if (common % p.element != 0 || (p.ndim > 1 && (common != 0 || p.sizes[0] * p.element % bytes != 0))) return false;
  for (int k = 0; k < p.count; ++k) {
    if (p.strides[k][0] == 0 && p.gradients >> k & 1) continue;
    if (p.strides[k][0] != p.element) return false;
    if (misalignment(static_cast<int64_t>(reinterpret_cast<uintptr_t>(p.operands[k]))) != common) return false;
    for (int d = 1; d < p.ndim; ++d)
      if (misalignment(p.strides[k][d]) != 0) return false;
  }
  return true;
}

inline Plan plan_of(const Problem& p, int bytes) {
  const uint32_t numel = static_cast<uint32_t>(p.numel());
  if (!fits_packs(p, bytes)) {
    Plan plan = lay_out(p, 1);
    plan.elements = numel;
    return plan;
  }
  const int lanes = bytes / p.element;
  Plan plan = lay_out(p, lanes);
  const uint32_t past = reinterpret_cast<uintptr_t>(p.operands[0]) & (bytes - 1);
  const uint32_t to_boundary = past == 0 ? 0 : (bytes - past) / p.element;
  plan.head = to_boundary < numel ? to_boundary : numel;
  plan.packs = (numel - plan.head) / lanes;
  plan.pack_blocks = blocks_for(plan.packs, 1);
  plan.skip = plan.packs * lanes;
  plan.elements = numel - plan.skip;
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] += plan.head * p.strides[k][0];
    plan.repeats |= static_cast<uint32_t>(p.strides[k][0] == 0) << k;
  }
  plan.dense = plan.wraps == 0 && plan.repeats == 0;
  return plan;
}

// Every launch a request takes: visit(plan, blocks).
template <class Visitor>
void for_each_launch(const Request& request, int pack_bytes, int64_t limit, Visitor&& visit) {
  for_each_piece(problem_of(request), limit, [&](const Problem& piece) {
    const Plan plan = plan_of(piece, pack_bytes);
    visit(plan, plan.pack_blocks + blocks_for(plan.elements, pack_bytes / piece.element));
  });
}

}  // namespace smoothact::cuda
