// SPDX-License-Identifier: Apache-2.0
// Tensors of no dimensions, or with an element for every channel along a dim of another: parameters, biases.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

namespace smoothact {

bool per_channel(const at::Tensor& p);
// A view that broadcasts with self, whose channels are along `dim`.
at::Tensor beside(const at::Tensor& self, const at::Tensor& p, int64_t dim);
// self + bias, in the type that self is computed in.
at::Tensor plus_bias(const at::Tensor& self, const at::Tensor& bias, int64_t dim);
// The sum over all that shares an element of p, of p's shape and dtype. t is of self's shape.
at::Tensor reduced(const at::Tensor& t, const at::Tensor& self, const at::Tensor& p, int64_t dim);
// `whole` names self.
void check_channelwise(const std::string& op, std::string_view name, const at::Tensor& p, const at::Tensor& self,
                       const char* whole, int64_t dim);

}  // namespace smoothact
