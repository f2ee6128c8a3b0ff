// SPDX-License-Identifier: Apache-2.0
// One elementwise launch, as plain data: what the op layer hands to a launcher that knows no torch.
#pragma once

#include <cstdint>

namespace smoothact {

enum class Order : int { forward, backward, double_backward };
enum class DType : int { f64, f32, bf16, f16 };

inline constexpr int orders = 3, dtypes = 4;

// Inputs in the op's argument order: {x}, {grad, x}, {grad_grad, grad, x}.
constexpr int inputs_of(Order order) { return static_cast<int>(order) + 1; }

inline constexpr int max_operands = 4;
inline constexpr int max_dims = 25;

constexpr int element_bytes(DType dtype) { return dtype == DType::f64 ? 8 : dtype == DType::f32 ? 4 : 2; }

struct Request {
  void* operands[max_operands];             // the output, then the inputs
  int64_t sizes[max_dims];                  // fastest dimension first
  int64_t strides[max_operands][max_dims];  // in bytes; 0 repeats
  int ndim;
  int activation;  // its place in the list
  Order order;
  DType dtype;
  const double* parameters;
  int device;
  void* stream;
};

}  // namespace smoothact
