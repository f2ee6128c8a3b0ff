// SPDX-License-Identifier: Apache-2.0
// A gate, y = f(gate)·up, and its derivatives, as plain data. With a limit, gate is min(gate, limit) and up is
// clamp(up, -limit, limit) + offset; what lies beyond a limit has no gradient, what lies at it has.
#pragma once

#include "request.h"

namespace smoothact {

// Along a direction (v_gate, v_up), of which one may be absent, jvp is y's derivative. It is grad's part of the
// double backward; so is, with grad for a direction, either half of backward alone.
//   forward          gate, up                        -> y
//   backward         grad, gate, up                  -> grad·up·f', grad·f
//   jvp              v_gate, v_up, gate, up          -> v_gate·up·f' + v_up·f
//   double_backward  v_gate, v_up, grad, gate, up    -> jvp, grad·(v_gate·up·f'' + v_up·f'), grad·v_gate·f'
enum class GatePart : int { forward, backward, jvp, double_backward };
inline constexpr int gate_parts = 4;

constexpr bool has_directions(GatePart p) { return p == GatePart::jvp || p == GatePart::double_backward; }
constexpr bool has_grad(GatePart p) { return p == GatePart::backward || p == GatePart::double_backward; }
constexpr int outputs_of(GatePart p) { return p == GatePart::backward ? 2 : p == GatePart::double_backward ? 3 : 1; }
constexpr int inputs_of(GatePart p) { return 2 + 2 * has_directions(p) + has_grad(p); }
inline constexpr int most_gate_inputs = 5, most_gate_outputs = 3;

// The directions that are present.
enum Directions : int { no_direction = 0, along_gate = 1, along_up = 2, along_both = 3 };

}  // namespace smoothact
