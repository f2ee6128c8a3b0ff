// SPDX-License-Identifier: Apache-2.0
// Runs the CUDA kernels' own body for every (block, thread) of a grid on the host, and compares with a plain
// loop.
#pragma once

#include <gtest/gtest.h>

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
  std::vector<Storage*> storages;  // output first
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
    Storage* s = storages[0];
    const bool inside = address >= s->begin && address + sizeof(Item) <= s->end;
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

template <Order O, DType D>
class Simulation {
 public:
  static constexpr int element = element_bytes(D), operands = inputs_of(O) + 1;
  using One = Pack<D, 1>;

  int pack_bytes = 16;
  uint32_t resident = 2;
  int64_t limit = piece_elements;
  bool in_place = false;

  // misaligned: each operand's first element past a 64-byte boundary, in elements.
  Recorder run(const Shape& shape, const std::vector<int>& misaligned) {
    Request request{};
    request.ndim = static_cast<int>(shape.sizes.size());
    request.order = O;
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
      s.writes.assign(k == 0 ? extent * element : 0, 0);
      s.reader.assign(k == 0 && in_place ? extent * element : 0, 0);
      for (int64_t i = 0; i < extent; ++i) {
        const One value = One::narrow({typename One::Arithmetic(static_cast<int>(random() % 4001) - 2000) / 500});
        std::memcpy(base + i * element, &value, element);
      }
      request.operands[k] = base;
      recorder.storages.push_back(&s);
    }
    expect(request, numel);

    for_each_launch(request, pack_bytes, limit, [&](auto& plan, int unroll) {
      const uint32_t blocks = blocks_for(plan.items, unroll, resident);
      for (uint32_t block = 0; block < blocks; ++block)
        for (uint32_t thread = 0; thread < threads_per_block; ++thread) {
          recorder.thread = block * threads_per_block + thread;
          body(plan, blocks, block, thread, recorder);
        }
    });
    verify(recorder);
    return recorder;
  }

 private:
  std::vector<Storage> storages;
  std::vector<char*> addresses;  // of the output's elements
  std::vector<One> expected;
  std::minstd_rand random;

  void body(const ElementPlan& plan, uint32_t blocks, uint32_t block, uint32_t thread, Recorder& recorder) {
    Elementwise<Probe, O, D, 1, element_unroll(element)>::run(plan, probe, blocks, block, thread, recorder);
  }
  void body(const PackPlan& plan, uint32_t blocks, uint32_t block, uint32_t thread, Recorder& recorder) {
    if (pack_bytes == 16)
      Elementwise<Probe, O, D, 16 / element, 1>::run(plan, probe, blocks, block, thread, recorder);
    else
      Elementwise<Probe, O, D, 32 / element, 1>::run(plan, probe, blocks, block, thread, recorder);
  }

  template <class V>
  static V result(const std::vector<V>& in) {
    if (O == Order::forward) return probe.f(in[0]);
    if (O == Order::backward) return in[0] * probe.df(in[1]);
    return in[0] * in[1] * probe.d2f(in[2]);
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
      for (int k = 1; k < operands; ++k) {
        One value;
        std::memcpy(&value, address[k], element);
        in.emplace_back(value[0]);
      }
      addresses.push_back(address[0]);
      expected.push_back(One::narrow({result(in).v}));
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
    for (size_t i = 0; i < addresses.size(); ++i) {
      wrong += std::memcmp(addresses[i], &expected[i], element) != 0;
      for (int b = 0; b < element; ++b) not_once += storages[0].writes[addresses[i] + b - storages[0].begin] != 1;
    }
    for (uint32_t n : storages[0].writes) written += n;
    ASSERT_EQ(wrong, 0);
    ASSERT_EQ(not_once, 0);
    ASSERT_EQ(written, addresses.size() * element);  // none between the elements
  }
};

inline Shape dense(int64_t n, int operands) { return {{n}, std::vector(operands, std::vector<int64_t>{1})}; }

inline std::vector<int64_t> contiguous(const std::vector<int64_t>& sizes) {
  std::vector<int64_t> strides;
  int64_t stride = 1;
  for (int64_t size : sizes) strides.push_back(stride), stride *= size;
  return strides;
}

template <Order Value>
using OrderOf = std::integral_constant<Order, Value>;
template <DType Value>
using DTypeOf = std::integral_constant<DType, Value>;

template <class Visitor>
void for_each_kernel(Visitor visit) {
  const auto with_order = [&](auto order) {
    visit(order, DTypeOf<DType::f64>{});
    visit(order, DTypeOf<DType::f32>{});
    visit(order, DTypeOf<DType::bf16>{});
    visit(order, DTypeOf<DType::f16>{});
  };
  with_order(OrderOf<Order::forward>{});
  with_order(OrderOf<Order::backward>{});
  with_order(OrderOf<Order::double_backward>{});
}

}  // namespace smoothact::cuda
