// SPDX-License-Identifier: Apache-2.0
// One launch over operands that agree in shape, as plain data: what the op layer hands to a launcher that knows no
// torch.
#pragma once

#include <cstdint>

namespace smoothact {

enum class Order : int { forward, backward, double_backward };
// What one pass over the operands computes: the orders of an activation, then of a gate f(gate)·up.
enum class Operation : int { forward, backward, double_backward, gate, gate_backward };
enum class DType : int { f64, f32, bf16, f16 };

inline constexpr int orders = 3, operations = 5, dtypes = 4;

constexpr Operation operation_of(Order order) { return static_cast<Operation>(order); }
constexpr bool is_gate(Operation o) { return o == Operation::gate || o == Operation::gate_backward; }

// Inputs in the op's argument order: {x}, {grad, x}, {grad_grad, grad, x}; {gate, up}, {grad, gate, up}.
constexpr int inputs_of(Order order) { return static_cast<int>(order) + 1; }
constexpr int values_of(Operation o) { return is_gate(o) ? 2 : 1; }  // those that are no gradients, at the end
constexpr int inputs_of(Operation o) {
  return is_gate(o) ? 2 + (o == Operation::gate_backward) : inputs_of(static_cast<Order>(o));
}
constexpr int outputs_of(Operation o) { return o == Operation::gate_backward ? 2 : 1; }

inline constexpr int max_operands = 5, most_parameters = 4;
inline constexpr int max_dims = 25;

constexpr int element_bytes(DType dtype) { return dtype == DType::f64 ? 8 : dtype == DType::f32 ? 4 : 2; }

// Of a gate: gate is min(gate, limit) and up is clamp(up, -limit, limit) + offset. Adding -0 changes nothing.
struct Limits {
  float limit = __builtin_inff(), offset = -0.0f;
};

struct Request {
  void* operands[max_operands];             // the outputs, then the inputs
  int64_t sizes[max_dims];                  // fastest dimension first
  int64_t strides[max_operands][max_dims];  // in bytes; 0 repeats
  int ndim;
  int activation;  // its place in the list
  Operation operation;
  DType dtype;
  const double* parameters;
  Limits limits;
  int device;
  void* stream;
};

}  // namespace smoothact
