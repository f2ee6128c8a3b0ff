// SPDX-License-Identifier: Apache-2.0
// The kernels' side of an op: shapes and layouts in, loops or launches out.
#include <ATen/EmptyTensor.h>
#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/record_function.h>
#include <c10/core/InferenceMode.h>

#include "../cpu/registry.h"
#include "entry.h"
#include "pages.h"
#if defined(SMOOTHACT_WITH_CUDA)
#include "../cuda/glue.h"
#endif

namespace smoothact {
namespace {

constexpr const char* input_names[orders][orders] = {{"self"}, {"grad", "self"}, {"grad_grad", "grad", "self"}};

void check(const Entry& e, Order order, Inputs in, const Parameters& p) {
  const at::Tensor& self = in.back();
  for (const auto& t : in) check_input(e, order, t);
  for (size_t i = 0; i + 1 < in.size(); ++i) {
    const char* name = input_names[static_cast<int>(order)][i];
    TORCH_CHECK_TYPE(in[i].scalar_type() == self.scalar_type(), "smoothact::", op_name(e, order), ": expected ", name,
                     " to have the dtype of self (", self.scalar_type(), "), got ", in[i].scalar_type());
    TORCH_CHECK(in[i].device() == self.device(), "smoothact::", op_name(e, order), ": expected ", name,
                " to be on the device of self (", self.device(), "), got ", in[i].device());
  }
  check_parameters(e, p);
}

// Of self's layout where the shapes agree, contiguous where they broadcast: the same rule on every device.
at::Tensor allocate(Inputs in) {
  const at::Tensor& self = in.back();
  bool same = true;
  for (size_t i = 0; i + 1 < in.size(); ++i) same = same && in[i].sym_sizes().equals(self.sym_sizes());
  if (same) {
    // The common case, without a trip through the dispatcher.
    if (self.is_cpu() && self.is_contiguous()) return at::detail::empty_cpu(self.sizes(), self.options());
    return at::empty_like(self);
  }
  auto sizes = self.sym_sizes().vec();
  for (const auto& t : in) sizes = at::infer_size_symint(t.sym_sizes(), sizes);
  return at::empty_symint(sizes, self.options());
}

bool same_dense(const at::Tensor& out, Inputs in) {
  if (!out.is_non_overlapping_and_dense()) return false;
  for (const auto& t : in) {
    if (!t.sizes().equals(out.sizes()) || !t.strides().equals(out.strides())) return false;
  }
  return true;
}

at::TensorIterator iterator(const at::Tensor& out, Inputs in) {
  at::TensorIteratorConfig config;
  config.resize_outputs(false).add_output(out);
  for (const auto& t : in) config.add_const_input(t);
  return config.build();
}

void run_cpu(const Entry& e, Order order, const at::Tensor& out, Inputs in, const Parameters& p) {
  const cpu::Loop loop = cpu::find(e.index, order, dtype_of(out.scalar_type()));
  const int operands = inputs_of(order) + 1;
  const int64_t size = out.element_size();
  // What one thread does, without a TensorIterator's microsecond. The threads are TensorIterator's: at::parallel_for is
  // a template that is serial where it is not compiled with OpenMP, and a second OpenMP beside torch's would not do.
  if (same_dense(out, in) && (out.numel() <= at::internal::GRAIN_SIZE || at::get_num_threads() == 1)) {
    std::array<char*, max_operands> data{};
    data[0] = static_cast<char*>(out.mutable_data_ptr());
    for (int k = 1; k < operands; ++k) data[k] = static_cast<char*>(const_cast<void*>(in[k - 1].const_data_ptr()));
    std::array<int64_t, 2 * max_operands> strides{};
    std::fill_n(strides.begin(), operands, size);
    return loop(p.data(), data.data(), strides.data(), out.numel(), 1);
  }
  auto it = iterator(out, in);
  it.for_each([&](char** data, const int64_t* strides, int64_t size0, int64_t size1) {
    loop(p.data(), data, strides, size0, size1);
  });
}

#if defined(SMOOTHACT_WITH_CUDA)
void run_cuda(const Entry& e, Order order, const at::Tensor& out, Inputs in, const Parameters& p) {
  const auto op = op_name(e, order);
  const cuda::Pass pass{e.index, operation_of(order), p.data(), op.c_str()};
  if (same_dense(out, in)) {
    cuda::launch_dense(out, in, pass);
  } else {
    auto it = iterator(out, in);
    cuda::launch_from(it, pass);
  }
}
#endif

void run(const Entry& e, Order order, const at::Tensor& out, Inputs in, const Parameters& p) {
  if (out.numel() == 0) return;
#if defined(SMOOTHACT_WITH_CUDA)
  if (out.is_cuda()) return run_cuda(e, order, out, in, p);
#endif
  run_cpu(e, order, out, in, p);
}

}  // namespace

at::Tensor compute(const Entry& e, Order order, Inputs in, const Parameters& p) {
  check(e, order, in, p);
  const at::Tensor out = allocate(in);
  ask_for_large_pages(out);
  run(e, order, out, in, p);
  return out;
}

void compute_inplace(const Entry& e, const at::Tensor& self, const Parameters& p) {
  check(e, Order::forward, self, p);
  TORCH_CHECK(!self.is_inference() || c10::InferenceMode::is_enabled(), "smoothact::", e.name,
              "_: inplace update to inference tensor outside InferenceMode is not allowed");
  if (self.is_meta()) return;
  at::assert_no_internal_overlap(self);
  run(e, Order::forward, self, self, p);
}

bool compute_over_grad(const Entry& e, const at::Tensor& grad, const at::Tensor& self, const Parameters& p) {
  const std::array<at::Tensor, 2> in{grad, self};
  if (!self.is_cpu() || self.scalar_type() != grad.scalar_type() || !same_dense(grad, in)) return false;
  // No op of the dispatcher's: a profile shows it all the same.
  RECORD_FUNCTION("smoothact::" + op_name(e, Order::backward), c10::ArrayRef<const c10::IValue>());
  run(e, Order::backward, grad, in, p);
  return true;
}

at::Tensor meta(const Entry& e, Order order, Inputs in, const Parameters& p) {
  check(e, order, in, p);
  return allocate(in);
}

}  // namespace smoothact
