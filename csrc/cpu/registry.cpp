// SPDX-License-Identifier: Apache-2.0
#include <ATen/Version.h>
#include <c10/util/Exception.h>

#include <string>

#include "../activations.h"
#include "biased.h"

namespace smoothact::cpu {
namespace {

constexpr int most_activations = 256;
static_assert(Activations::size <= most_activations);
constexpr int fused_gates = 2, kinds = orders + fused_gates;

Loop& loop_at(Isa isa, int activation, int kind, DType dtype) {
  static Loop table[isas][most_activations][kinds][dtypes]{};
  return table[static_cast<int>(isa)][activation][kind][static_cast<int>(dtype)];
}
int kind_of(Order order) { return static_cast<int>(order); }
int kind_of(GatePart part) { return orders + static_cast<int>(part); }

GateLoop& gate_at(Isa isa, GatePart part, Directions directions, bool limited, DType dtype) {
  static GateLoop table[isas][gate_parts][4][2][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(part)][directions][limited][static_cast<int>(dtype)];
}

BiasedLoop& biased_at(Isa isa, Operation operation, bool limited, DType dtype) {
  static BiasedLoop table[isas][operations][2][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(operation)][limited][static_cast<int>(dtype)];
}

Widening& widening_at(Isa isa, DType dtype) {
  static Widening table[isas][dtypes]{};
  return table[static_cast<int>(isa)][static_cast<int>(dtype)];
}
SlopeSum& slopes_at(Isa isa, int activation) {
  static SlopeSum table[isas][most_activations]{};
  return table[static_cast<int>(isa)][activation];
}

bool has(Isa isa) { return loop_at(isa, 0, kind_of(Order::forward), DType::f32) != nullptr; }

}  // namespace

void add(Isa isa, int activation, Order order, DType dtype, Loop loop) {
  loop_at(isa, activation, kind_of(order), dtype) = loop;
}
void add_fused_gate(Isa isa, int activation, GatePart part, DType dtype, Loop loop) {
  loop_at(isa, activation, kind_of(part), dtype) = loop;
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

Loop find(int activation, Order order, DType dtype) { return loop_at(active(), activation, kind_of(order), dtype); }
Loop find_fused_gate(int activation, GatePart part, DType dtype) {
  return has_directions(part) ? nullptr : loop_at(active(), activation, kind_of(part), dtype);
}

void add_gate(Isa isa, GatePart part, Directions directions, bool limited, DType dtype, GateLoop loop) {
  gate_at(isa, part, directions, limited, dtype) = loop;
}

void add_biased(Isa isa, Operation operation, bool limited, DType dtype, BiasedLoop loop) {
  biased_at(isa, operation, limited, dtype) = loop;
}
BiasedLoop find_biased(Operation operation, bool limited, DType dtype) {
  return biased_at(active(), operation, limited, dtype);
}

void add_widening(Isa isa, DType dtype, Widening widening) { widening_at(isa, dtype) = widening; }
Widening find_widening(DType dtype) { return widening_at(active(), dtype); }
void add_slopes(Isa isa, int activation, SlopeSum sum) { slopes_at(isa, activation) = sum; }
SlopeSum find_slopes(int activation) { return slopes_at(active(), activation); }

GateLoop find_gate(GatePart part, Directions directions, bool limited, DType dtype) {
  return gate_at(active(), part, directions, limited, dtype);
}

}  // namespace smoothact::cpu
