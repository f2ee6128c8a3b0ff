// SPDX-License-Identifier: Apache-2.0
// One launch of an activation whose parameters lie in memory, as plain data.
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
  LearnedParameter parameters[most_parameters];
  const void *grad = nullptr, *self;  // with grad it is the derivatives that are asked for
  void* out = nullptr;                // may be left out where there are sums
  double* sums = nullptr;             // (parts, columns, parameters)
  void* stream;
};

// Returns a cudaError_t.
int launch_learned(const LearnedRequest&);

}  // namespace smoothact::cuda
