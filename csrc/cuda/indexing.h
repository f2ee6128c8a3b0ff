// SPDX-License-Identifier: Apache-2.0
// Which thread touches which bytes. Everything here runs on the host too, where the tests walk whole grids.
//
// A problem is cut into pieces of at most 2^30 elements, so that the device counts in 32 bits (and divides by
// multiplication) however large the tensor; only byte offsets are 64-bit. A piece becomes a Plan over items:
// packs of adjacent elements, or single elements where strides or alignment allow no more.
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

// How many single elements a thread has in flight.
constexpr int element_unroll(int bytes) { return bytes == 8 ? 2 : 4; }

struct Problem {
  char* operands[max_operands];
  int count;    // of operands
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

// Cuts the slowest dimension into runs that fit; if one slice of it is still too large, cuts within each
// slice.
template <class Visitor>
void for_each_piece(const Problem& p, int64_t limit, Visitor&& visit) {
  const int64_t numel = p.numel();
  if (numel <= limit) {
    if (numel > 0) visit(p);
    return;
  }
  const int last = p.ndim - 1;
  const int64_t size = p.sizes[last], slice = numel / size, run = slice < limit ? limit / slice : 1;
  for (int64_t begin = 0; begin < size; begin += run) {
    Problem piece = p;
    piece.sizes[last] = size - begin < run ? size - begin : run;
    for (int k = 0; k < p.count; ++k) piece.operands[k] += begin * p.strides[k][last];
    if (piece.sizes[last] == 1 && last > 0) --piece.ndim;
    for_each_piece(piece, limit, visit);
  }
}

// Where item i of an operand lies: i * step, plus a jump for every time a dimension wrapped round before i.
// Wraps is how many dimensions the kernel argument has room for besides the last, Step wide enough for the
// largest step.
template <class Step, int Wraps>
struct Plan {
  char* operands[max_operands];  // at item 0
  Step step[max_operands];       // bytes
  uint64_t jump[max_operands][Wraps];
  Divider sizes[Wraps];
  int wraps;
  uint32_t items;
  uint32_t head, tail;  // elements before and after the packs, where nothing wraps
  bool dense;           // nothing wraps or repeats: pack follows pack in every operand

  template <int Operands>
  SMOOTHACT_FN void addresses(uint32_t item, char* (&address)[Operands]) const {
    uint64_t offset[Operands];
    for (int k = 0; k < Operands; ++k) offset[k] = static_cast<uint64_t>(item) * step[k];
    SMOOTHACT_NO_UNROLL
    for (int d = 0; d < wraps; ++d) {
      item = sizes[d].quotient(item);
      for (int k = 0; k < Operands; ++k) offset[k] += item * jump[k][d];
    }
    for (int k = 0; k < Operands; ++k) address[k] = operands[k] + static_cast<int64_t>(offset[k]);
  }
};

using PackPlan = Plan<uint32_t, 2>;
using ElementPlan = Plan<uint64_t, max_dims - 1>;

// Dimension 0 has sizes[0] / lanes items of `lanes` elements.
template <class Step, int Wraps>
void lay_out(const Problem& p, int lanes, Plan<Step, Wraps>& plan) {
  plan.wraps = p.ndim - 1;
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] = p.operands[k];
    plan.step[k] = static_cast<Step>(p.strides[k][0] * lanes);
    for (int d = 0; d < plan.wraps; ++d)
      plan.jump[k][d] = static_cast<uint64_t>(p.strides[k][d + 1] - p.sizes[d] * p.strides[k][d]);
  }
  for (int d = 0; d < plan.wraps; ++d)
    plan.sizes[d] = Divider(static_cast<uint32_t>(d == 0 ? p.sizes[d] / lanes : p.sizes[d]));
}

inline ElementPlan element_plan(const Problem& p) {
  ElementPlan plan{};
  lay_out(p, 1, plan);
  plan.items = static_cast<uint32_t>(p.numel());
  return plan;
}

// Packs of `bytes` adjacent bytes, where every operand advances element by element along dimension 0
// (gradients may also repeat one element). In one dimension the operands must share their misalignment, and
// elements up to the first boundary are peeled; in more, every row must begin and end on a boundary. False
// where packs do not fit.
inline bool pack_plan(const Problem& p, int bytes, PackPlan& plan) {
  const int lanes = bytes / p.element, x = p.count - 1;
  const auto misalignment = [bytes](int64_t n) { return static_cast<uint32_t>(n & (bytes - 1)); };
  const uint32_t common = misalignment(static_cast<int64_t>(reinterpret_cast<uintptr_t>(p.operands[0])));
  if (p.ndim > 3 || common % p.element != 0) return false;
  if (p.ndim > 1 && (common != 0 || p.sizes[0] % lanes != 0)) return false;
  for (int k = 0; k < p.count; ++k) {
    if (p.strides[k][0] == 0 && k != 0 && k != x) continue;
    if (p.strides[k][0] != p.element) return false;
    if (misalignment(static_cast<int64_t>(reinterpret_cast<uintptr_t>(p.operands[k]))) != common) return false;
    for (int d = 1; d < p.ndim; ++d)
      if (misalignment(p.strides[k][d]) != 0) return false;
  }
  plan = {};
  lay_out(p, lanes, plan);
  const uint32_t numel = static_cast<uint32_t>(p.numel());
  const uint32_t to_boundary = common == 0 ? 0 : (bytes - common) / p.element;
  plan.head = to_boundary < numel ? to_boundary : numel;
  plan.items = (numel - plan.head) / lanes;
  plan.tail = numel - plan.head - plan.items * lanes;
  plan.dense = plan.wraps == 0;
  for (int k = 0; k < p.count; ++k) {
    plan.operands[k] += plan.head * p.strides[k][0];
    plan.dense &= p.strides[k][0] != 0;
  }
  return true;
}

// Every launch a request takes: visit(plan, unroll), the plan saying by its type which kernel.
template <class Visitor>
void for_each_launch(const Request& request, int pack_bytes, int64_t limit, Visitor&& visit) {
  for_each_piece(problem_of(request), limit, [&](const Problem& piece) {
    PackPlan packs;
    if (pack_plan(piece, pack_bytes, packs)) {
      visit(packs, 1);
    } else {
      ElementPlan elements = element_plan(piece);
      visit(elements, element_unroll(piece.element));
    }
  });
}

// A block takes tiles of `Unroll` items a thread, neighbouring threads neighbouring items, and strides by the
// grid.
constexpr uint32_t tile_items(int unroll) { return unroll * threads_per_block; }

// At least one block, which also does head and tail.
constexpr uint32_t blocks_for(uint32_t items, int unroll, uint32_t resident) {
  const uint32_t tile = tile_items(unroll), needed = items / tile + (items % tile != 0);
  return needed == 0 ? 1 : needed < resident ? needed : resident;
}

}  // namespace smoothact::cuda
