// SPDX-License-Identifier: Apache-2.0
#include "registry.h"

#include <ATen/Version.h>
#include <c10/util/Exception.h>

#include <array>
#include <string>

#include "../activations.h"

namespace smoothact::cpu {
namespace {

constexpr int most_activations = 256;
static_assert(Activations::size <= most_activations);
using Table = std::array<Loop, isas * most_activations * orders * dtypes>;

Table& table() {
  static Table t{};
  return t;
}

int position(Isa isa, int activation, Order order, DType dtype) {
  return ((static_cast<int>(isa) * most_activations + activation) * orders + static_cast<int>(order)) * dtypes +
         static_cast<int>(dtype);
}

GateLoop& gate_at(Isa isa, GatePart part, Directions directions, bool limited, DType dtype) {
  static GateLoop table[isas][gate_parts][4][2][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(part)][directions][limited][static_cast<int>(dtype)];
}

bool has(Isa isa) { return table()[position(isa, 0, Order::forward, DType::f32)] != nullptr; }

}  // namespace

void add(Isa isa, int activation, Order order, DType dtype, Loop loop) {
  table()[position(isa, activation, order, dtype)] = loop;
}

std::vector<Isa> built() {
  std::vector<Isa> found;
  for (int i = 0; i < isas; ++i) {
    if (has(static_cast<Isa>(i))) found.push_back(static_cast<Isa>(i));
  }
  return found;
}

// The best one that was built and that torch, or ATEN_CPU_CAPABILITY, allows.
Isa active() {
  static const Isa isa = [] {
    const std::string capability = at::get_cpu_capability();
    int best = capability == "AVX512" ? 2 : capability == "AVX2" ? 1 : 0;
    while (best > 0 && !has(static_cast<Isa>(best))) --best;
    TORCH_CHECK(has(static_cast<Isa>(best)), "smoothact: built without kernels that this processor can run (",
                capability, "); build again with DEFAULT among SMOOTHACT_ISAS");
    return static_cast<Isa>(best);
  }();
  return isa;
}

Loop find(int activation, Order order, DType dtype) { return table()[position(active(), activation, order, dtype)]; }

void add_gate(Isa isa, GatePart part, Directions directions, bool limited, DType dtype, GateLoop loop) {
  gate_at(isa, part, directions, limited, dtype) = loop;
}

GateLoop find_gate(GatePart part, Directions directions, bool limited, DType dtype) {
  return gate_at(active(), part, directions, limited, dtype);
}

}  // namespace smoothact::cpu
