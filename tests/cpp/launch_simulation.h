// SPDX-License-Identifier: Apache-2.0
// Runs the CUDA kernels' own body for every (block, thread) of a grid on the host, and compares with a plain
// loop.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <type_traits>
#include <vector>

#include "cuda/elementwise.h"

namespace smoothact::cuda {

// Any functions will do that tell their inputs apart and run everywhere.
struct Probe {
  static constexpr struct { bool in_double, all_digits; } descriptor{};
  double a;
  template <class V>
  SMOOTHACT_FN V f(V x) const {
    return x * V(a) + V(1.0);
  }
  template <class V>
  SMOOTHACT_FN V df(V x) const {
    return x * x - V(a);
  }
  template <class V>
  SMOOTHACT_FN V d2f(V x) const {
    return x / (x * x + V(a));
  }
};

inline constexpr Probe probe{0.7};

struct Shape {
  std::vector<int64_t> sizes;
  std::vector<std::vector<int64_t>> strides;  // per operand, in elements
};

// One operand: where its storage lies, what was read and written.
struct Storage {
  std::vector<char> bytes;
  char *begin, *end;                     // of the tensor
  std::vector<uint32_t> reader, writes;  // by byte from begin; reader is a thread of the grid + 1
};

// Counts rather than asserts: EXPECT in the inner loop would be most of the time.
struct Recorder {
  std::vector<Storage*> storages;  // outputs first
  int outputs = 1;
  uint32_t thread = 0;
  int outside = 0, unaligned = 0, early_store = 0, shared_read = 0, vector_loads = 0, vector_stores = 0;
  size_t element = 0;
  bool in_place = false;

  Storage* find(const char* address, size_t bytes) {
    for (Storage* s : storages)
      if (address >= s->begin && address + bytes <= s->end) return s;
    return nullptr;
  }
  template <class Item>
  Item load(const char* address) {
    Item item{};
    Storage* s = find(address, sizeof(Item));
    outside += s == nullptr;
    unaligned += reinterpret_cast<uintptr_t>(address) % sizeof(Item) != 0;
    vector_loads += sizeof(Item) > element;
    if (s == nullptr) return item;
    if (in_place && s == storages[0])
      for (size_t i = 0; i < sizeof(Item); ++i) {
        uint32_t& reader = s->reader[address - s->begin + i];
        shared_read += reader != 0;
        reader = thread + 1;
      }
    std::memcpy(&item, address, sizeof(Item));
    return item;
  }
  template <class Item>
  void store(char* address, const Item& item) {
    Storage* s = find(address, sizeof(Item));
    const bool inside = s != nullptr && !s->writes.empty();
    outside += !inside;
    unaligned += reinterpret_cast<uintptr_t>(address) % sizeof(Item) != 0;
    vector_stores += sizeof(Item) > element;
    if (!inside) return;
    for (size_t i = 0; i < sizeof(Item); ++i) {
      const ptrdiff_t at = address - s->begin + i;
      ++s->writes[at];
      early_store += in_place && s->reader[at] != thread + 1;
    }
    std::memcpy(address, &item, sizeof(Item));
  }
};

template <Operation O, DType D>
class Simulation {
 public:
  static constexpr int element = element_bytes(D), outputs = outputs_of(O), operands = outputs + inputs_of(O);
  using One = Pack<D, 1>;

  int pack_bytes = 16;
  Limits limits;
  int64_t limit = piece_elements;
  bool in_place = false;

  // misaligned: each operand's first element past a 64-byte boundary, in elements.
  Recorder run(const Shape& shape, const std::vector<int>& misaligned) {
    Request request{};
    request.ndim = static_cast<int>(shape.sizes.size());
    request.operation = O;
    request.limits = limits;
    request.dtype = D;
    storages.resize(operands);
    int64_t numel = 1;
    for (int d = 0; d < request.ndim; ++d) numel *= request.sizes[d] = shape.sizes[d];
    Recorder recorder;
    recorder.element = element;
    recorder.in_place = in_place;
    for (int k = 0; k < operands; ++k) {
      const bool aliased = in_place && k == operands - 1;
      int64_t extent = numel > 0;
      for (int d = 0; d < request.ndim; ++d) {
        const int64_t stride = shape.strides[aliased ? 0 : k][d];
        request.strides[k][d] = stride * element;
        if (numel > 0) extent += (shape.sizes[d] - 1) * stride;
      }
      if (aliased) {
        request.operands[k] = request.operands[0];
        continue;
      }
      Storage& s = storages[k];
      s.bytes.assign(extent * element + 192, 0);
      char* base = s.bytes.data();
      base += 64 - reinterpret_cast<uintptr_t>(base) % 64 + misaligned[k] * element;
      s.begin = base;
      s.end = base + extent * element;
      s.writes.assign(k < outputs ? extent * element : 0, 0);
      s.reader.assign(k == 0 && in_place ? extent * element : 0, 0);
      for (int64_t i = 0; i < extent; ++i) {
        const One value = One::narrow({typename One::Arithmetic(static_cast<int>(random() % 4001) - 2000) / 500});
        std::memcpy(base + i * element, &value, element);
      }
      request.operands[k] = base;
      recorder.storages.push_back(&s);
    }
    expect(request, numel);

    for_each_launch(request, pack_bytes, limit, [&](const Plan& plan, uint32_t blocks) {
      EXPECT_GT(blocks, 0u);
      for (uint32_t block = 0; block < blocks; ++block)
        for (uint32_t thread = 0; thread < threads_per_block; ++thread) {
          recorder.thread = block * threads_per_block + thread;
          if (pack_bytes == 16)
            Pointwise<Probe, O, D, 16 / element>::run(plan, probe, limits, block, thread, recorder);
          else
            Pointwise<Probe, O, D, 32 / element>::run(plan, probe, limits, block, thread, recorder);
        }
    });
    verify(recorder);
    return recorder;
  }

 private:
  std::vector<Storage> storages;
  std::vector<std::array<char*, outputs>> addresses;  // of the outputs' elements
  std::vector<std::array<One, outputs>> expected;
  std::minstd_rand random;

  template <class V>
  std::array<V, outputs> result(const std::vector<V>& in) const {
    if constexpr (O == Operation::forward) return {probe.f(in[0])};
    if constexpr (O == Operation::backward) return {in[0] * probe.df(in[1])};
    if constexpr (O == Operation::double_backward) return {in[0] * in[1] * probe.d2f(in[2])};
    if constexpr (is_gate(O)) {
      const auto gate = in[in.size() - 2].v, up = in.back().v, limit = decltype(up)(limits.limit);
      const V g = std::min(gate, limit), u = std::clamp(up, -limit, limit) + limits.offset;
      if constexpr (O == Operation::gate) {
        return {probe.f(g) * u};
      } else {
        const V by_gate = gate > limit ? V(0) : u * probe.df(g) * in[0];
        const V by_up = up > limit || up < -limit ? V(0) : probe.f(g) * in[0];
        return {by_gate, by_up};
      }
    }
  }

  // A plain odometer over the dimensions.
  void expect(const Request& request, int64_t numel) {
    addresses.clear();
    expected.clear();
    std::vector<int64_t> at(request.ndim, 0);
    for (int64_t i = 0; i < numel; ++i) {
      char* address[operands];
      for (int k = 0; k < operands; ++k) {
        address[k] = static_cast<char*>(request.operands[k]);
        for (int d = 0; d < request.ndim; ++d) address[k] += at[d] * request.strides[k][d];
      }
      std::vector<math::Simd<typename One::Arithmetic, 1>> in;
      for (int k = outputs; k < operands; ++k) {
        One value;
        std::memcpy(&value, address[k], element);
        in.emplace_back(value[0]);
      }
      const auto out = result(in);
      addresses.emplace_back();
      expected.emplace_back();
      for (int k = 0; k < outputs; ++k) {
        addresses.back()[k] = address[k];
        expected.back()[k] = One::narrow({out[k].v});
      }
      for (int d = 0; d < request.ndim && ++at[d] == request.sizes[d]; ++d) at[d] = 0;
    }
  }

  void verify(const Recorder& recorder) {
    ASSERT_EQ(recorder.outside, 0);
    ASSERT_EQ(recorder.unaligned, 0);
    ASSERT_EQ(recorder.early_store, 0);
    ASSERT_EQ(recorder.shared_read, 0);
    int wrong = 0, not_once = 0;
    size_t written = 0;
    for (size_t i = 0; i < addresses.size(); ++i)
      for (int k = 0; k < outputs; ++k) {
        wrong += std::memcmp(addresses[i][k], &expected[i][k], element) != 0;
        for (int b = 0; b < element; ++b) not_once += storages[k].writes[addresses[i][k] + b - storages[k].begin] != 1;
      }
    for (int k = 0; k < outputs; ++k)
      for (uint32_t n : storages[k].writes) written += n;
    ASSERT_EQ(wrong, 0);
    ASSERT_EQ(not_once, 0);
    ASSERT_EQ(written, addresses.size() * outputs * element);  // none between the elements
  }
};

inline Shape dense(int64_t n, int operands) { return {{n}, std::vector(operands, std::vector<int64_t>{1})}; }

inline std::vector<int64_t> contiguous(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> strides;
  int64_t stride = 1;
  for (int64_t size : sizes) strides.push_back(stride), stride *= size;
  return strides;
}

template <Operation Value>
using OperationOf = std::integral_constant<Operation, Value>;
template <DType Value>
using DTypeOf = std::integral_constant<DType, Value>;

template <class Visitor>
void for_each_kernel(Visitor visit) {
  const auto with = [&](auto operation) {
    if constexpr (!is_gate(operation())) visit(operation, DTypeOf<DType::f64>{});
    visit(operation, DTypeOf<DType::f32>{});
    visit(operation, DTypeOf<DType::bf16>{});
    visit(operation, DTypeOf<DType::f16>{});
  };
  with(OperationOf<Operation::forward>{});
  with(OperationOf<Operation::backward>{});
  with(OperationOf<Operation::double_backward>{});
  with(OperationOf<Operation::gate>{});
  with(OperationOf<Operation::gate_backward>{});
}

}  // namespace smoothact::cuda
