// SPDX-License-Identifier: Apache-2.0
// Mish and its first two derivatives from C++, without Python.
#include <ATen/ATen.h>
#include <smoothact/smoothact.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdio>

int main() {
  at::Tensor x = at::linspace(-4, 4, 9, at::kDouble).requires_grad_();
  at::Tensor y = smoothact::mish(x);
  at::Tensor dy = torch::autograd::grad({y.sum()}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
  at::Tensor d2y = torch::autograd::grad({dy.sum()}, {x})[0];

  std::puts("     x      mish     mish'    mish''");
  for (int64_t i = 0; i < x.numel(); ++i)
    std::printf("%6.2f %9.5f %9.5f %9.5f\n", x[i].item<double>(), y[i].item<double>(), dy[i].item<double>(),
                d2y[i].item<double>());
  std::printf("swish(1, beta = 1.5) = %.5f\n", smoothact::swish(at::ones({}), 1.5).item<double>());
}
