// SPDX-License-Identifier: Apache-2.0
// One launch of an activation whose parameters, or a bias of x, lie in memory, as plain data.
#pragma once

#include "../kernels/request.h"

namespace smoothact::cuda {

struct LearnedParameter {
  const void* data = nullptr;  // on the device; without it, `value`
  double value = 0;
  DType dtype = DType::f64;
  bool per_channel = false;
};

// self is (outer, channels, inner) as it lies in memory, and so are grad and out.
struct LearnedRequest {
  int activation;
  DType dtype;
  int64_t outer, channels, inner;
  LearnedParameter parameters[most_parameters], bias{nullptr, -0.0};  // adding -0 changes nothing
  const void *grad = nullptr, *self;  // with grad it is the derivatives that are asked for
  void* out = nullptr;                // may be left out where there are sums
  double* sums = nullptr;             // (parts, columns, 1 + parameters): by the bias, then by each
  bool by_bias = false;               // whether the first of the sums is wanted
  void* stream;
};

// Returns a cudaError_t.
int launch_learned(const LearnedRequest&);

}  // namespace smoothact::cuda
