// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>

#include "../ops/fewbit.h"
#include "fewbit.h"

namespace smoothact {

using at::Tensor;
using Numbers = at::ArrayRef<double>;

namespace {

void launch(const char* op, int bits, const Tensor& in, const Tensor& codes, const Tensor& out, Numbers numbers) {
  if (in.numel() == 0) return;
  const c10::cuda::CUDAGuard guard(in.device());
  cuda::FewBitRequest r{};
  r.dtype = dtype_of(in.scalar_type());
  r.bits = bits;
  r.count = in.numel();
  std::copy(numbers.begin(), numbers.end(), r.numbers);
  r.in = in.const_data_ptr();
  r.codes = static_cast<unsigned char*>(const_cast<void*>(codes.const_data_ptr()));
  if (out.defined()) r.out = out.mutable_data_ptr();
  r.stream = c10::cuda::getCurrentCUDAStream().stream();
  const auto error = static_cast<cudaError_t>(cuda::launch_fewbit(r));
  TORCH_CHECK(error == cudaSuccess, "smoothact::", op, ": CUDA error: ", cudaGetErrorString(error));
}

}  // namespace

Tensor fewbit_pack_on_cuda(const Tensor& self, Numbers boundaries) {
  const int bits = check_pack(self, boundaries);
  const Tensor x = self.contiguous();
  const Tensor codes = at::empty({code_bytes(x.numel(), bits)}, x.options().dtype(at::kByte));
  launch("fewbit_pack", bits, x, codes, Tensor(), boundaries);
  return codes;
}

Tensor fewbit_backward_on_cuda(const Tensor& grad, const Tensor& codes, Numbers levels) {
  const int bits = check_backward(grad, codes, levels);
  const Tensor g = grad.contiguous(), out = at::empty(g.sizes(), g.options());
  Tensor c = codes.contiguous();
  // A thread loads up to four bytes at once.
  if (reinterpret_cast<uintptr_t>(c.const_data_ptr()) % 4 != 0) c = c.clone();
  launch("fewbit_backward", bits, g, c, out, levels);
  return out;
}

}  // namespace smoothact
