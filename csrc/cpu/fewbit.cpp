// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set.
#include "fewbit.h"

#include "storage.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

constexpr int N = codes_together;
template <DType D>
using Scalar = typename Storage<D>::Compute;
template <DType D>
using Group = Lanes<Scalar<D>, N>;
using Words = Lanes<uint32_t, N>;

template <DType D>
SMOOTHACT_FN Group<D> load(const char* p) {
  Lanes<Element<D>, N> e;
  std::memcpy(&e, p, sizeof(e));
  if constexpr (D == DType::bf16)
    return __builtin_bit_cast(Group<D>, __builtin_convertvector(e, Words) << 16);
  else if constexpr (D == DType::f16)
    return load_f16<N>(p);
  else
    return e;
}
template <DType D>
SMOOTHACT_FN void store(char* p, Group<D> v) {
  Lanes<Element<D>, N> e;
  if constexpr (D == DType::bf16)
    e = __builtin_convertvector(round_bf16<N>(v) >> 16, Lanes<uint16_t, N>);
  else if constexpr (D == DType::f16)
    e = to_f16<N>(v);
  else
    e = v;
  std::memcpy(p, &e, sizeof(e));
}

// What lies past the last whole group is padded with zeros.
template <DType D>
struct Tail {
  char bytes[N * sizeof(Element<D>)] = {};

  Tail(const char* p, int64_t count) { std::memcpy(bytes, p, count * sizeof(Element<D>)); }
};

template <int Bits>
SMOOTHACT_FN Words places() {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return Words{static_cast<uint32_t>(Bits * I)...}; }
  (std::make_index_sequence<N>{});
}

SMOOTHACT_FN uint32_t joined(Words w) {
  const auto pairs = __builtin_bit_cast(Lanes<uint64_t, 4>, w);
  const uint64_t all = (pairs[0] | pairs[1]) | (pairs[2] | pairs[3]);
  return static_cast<uint32_t>(all | all >> 32);
}

template <DType D, int Bits>
void pack(const double* boundaries, const char* x, unsigned char* codes, int64_t count) {
  using Code = Lanes<std::conditional_t<D == DType::f64, int64_t, int32_t>, N>;
  constexpr int bounds = (1 << Bits) - 1;
  Group<D> bound[bounds];
  for (int i = 0; i < bounds; ++i)
    bound[i] = Group<D>{} + (D == DType::f64 ? static_cast<Scalar<D>>(boundaries[i]) : rounded_down(boundaries[i]));

  const auto group = [&](const char* p, unsigned char* to) {
    const Group<D> v = load<D>(p);
    Code code{};
#pragma GCC unroll 15
    for (int i = 0; i < bounds; ++i) code -= v > bound[i];
    const uint32_t word = joined(__builtin_convertvector(code, Words) << places<Bits>());
    for (int j = 0; j < Bits; ++j) to[j] = static_cast<unsigned char>(word >> 8 * j);
  };
  for (; count >= N; count -= N, x += N * sizeof(Element<D>), codes += Bits) group(x, codes);
  if (count > 0) group(Tail<D>(x, count).bytes, codes);
}

template <DType D, int Bits>
void apply(const double* levels, const char* grad, const unsigned char* codes, char* out, int64_t count) {
  constexpr int entries = 1 << Bits;
  alignas(64) Scalar<D> table[most_levels] = {};
  for (int i = 0; i < entries; ++i) table[i] = static_cast<Scalar<D>>(levels[i]);

  const auto group = [&](const char* p, const unsigned char* from, char* to) {
    uint32_t word = 0;
    for (int j = 0; j < Bits; ++j) word |= static_cast<uint32_t>(from[j]) << 8 * j;
    const Words code = ((Words{} + word) >> places<Bits>()) & (entries - 1);
    Group<D> level;
    if constexpr (D == DType::f64)
      for (int k = 0; k < N; ++k) level[k] = table[code[k]];
    else
      level = math::native::lookup < N, entries <= 8 ? 8 : 16 > (table, __builtin_bit_cast(Lanes<int32_t, N>, code));
    store<D>(to, load<D>(p) * level);
  };
  constexpr int64_t bytes = N * sizeof(Element<D>);
  for (; count >= N; count -= N, grad += bytes, out += bytes, codes += Bits) group(grad, codes, out);
  if (count == 0) return;
  Tail<D> last(grad, count);
  group(last.bytes, codes, last.bytes);
  std::memcpy(out, last.bytes, count * sizeof(Element<D>));
}

template <DType D>
bool add_bits() {
  constexpr auto isa = cpu::Isa::SMOOTHACT_ISA;
  cpu::add_fewbit(isa, D, 2, {&pack<D, 2>, &apply<D, 2>});
  cpu::add_fewbit(isa, D, 3, {&pack<D, 3>, &apply<D, 3>});
  cpu::add_fewbit(isa, D, 4, {&pack<D, 4>, &apply<D, 4>});
  return true;
}

const bool added =
    add_bits<DType::f64>() && add_bits<DType::f32>() && add_bits<DType::bf16>() && add_bits<DType::f16>();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
