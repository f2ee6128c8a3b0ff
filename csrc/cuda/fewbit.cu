// SPDX-License-Identifier: Apache-2.0
#include "fewbit_walk.h"

namespace smoothact::cuda {
namespace {

template <DType D, int Bits, bool Packs>
__global__ void __launch_bounds__(fewbit_threads)
    fewbit_kernel(const __grid_constant__ FewBitPlan<typename Element<D>::Arithmetic> plan) {
  using Group = FewBitGroup<D, Bits>;
  const int64_t group = int64_t{blockIdx.x} * fewbit_threads + threadIdx.x;
  if constexpr (Packs) {
    Group::pack(plan, plan.numbers, group);
  } else {
    __shared__ typename Group::T levels[most_levels];
    if (threadIdx.x < most_levels) levels[threadIdx.x] = plan.numbers[threadIdx.x];
    __syncthreads();
    Group::apply(plan, levels, group);
  }
}

template <DType D, int Bits>
cudaError_t launch_group(const FewBitRequest& r) {
  typename FewBitGroup<D, Bits>::Plan plan(r, FewBitGroup<D, Bits>::pack_bytes);
  const void* kernel = r.out ? reinterpret_cast<const void*>(fewbit_kernel<D, Bits, false>)
                             : reinterpret_cast<const void*>(fewbit_kernel<D, Bits, true>);
  void* arguments[] = {&plan};
  return cudaLaunchKernel(kernel, dim3(fewbit_blocks(r.count)), dim3(fewbit_threads), arguments, 0,
                          static_cast<cudaStream_t>(r.stream));
}

template <DType D>
cudaError_t launch_dtype(const FewBitRequest& r) {
  if (r.bits == 2) return launch_group<D, 2>(r);
  return r.bits == 3 ? launch_group<D, 3>(r) : launch_group<D, 4>(r);
}

}  // namespace

int launch_fewbit(const FewBitRequest& r) {
  const cudaError_t error = r.dtype == DType::f64    ? launch_dtype<DType::f64>(r)
                            : r.dtype == DType::f32  ? launch_dtype<DType::f32>(r)
                            : r.dtype == DType::bf16 ? launch_dtype<DType::bf16>(r)
                                                     : launch_dtype<DType::f16>(r);
  if (error != cudaSuccess) (void)cudaGetLastError();  // reported here, so not once more by the next checked call
  return error;
}

}  // namespace smoothact::cuda
