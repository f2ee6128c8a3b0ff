// SPDX-License-Identifier: Apache-2.0
// The kernels' side of the rational function on the CPU. Each share of the elements has sums of its own, which are
// added in one order, so that no gradient depends on the number of threads.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/record_function.h>

#include <memory>

#include "../cpu/rational.h"
#include "pages.h"
#include "parallel.h"
#include "rational.h"

namespace smoothact::rational {
namespace {

using at::Tensor;

constexpr int64_t share = 16384;  // elements

// Calls run(share, first element, their count) for each.
template <class F>
void each_share(int64_t count, const F& run) {
  in_parallel(at::divup(count, share), [&](int64_t i) { run(i, i * share, std::min(share, count - i * share)); });
}

struct Coefficients {
  Tensor numerator, denominator;
  cpu::RationalCall call;

  explicit Coefficients(const Given& in) : numerator(wide(in[1], in[0])), denominator(wide(in[2], in[0])) {
    call = {numerator.const_data_ptr(),
            denominator.const_data_ptr(),
            numerator.numel(),
            denominator.numel(),
            std::max<int64_t>(0, highest(numerator)),
            highest(denominator) + 1};
  }
  int64_t count() const { return call.numerators + call.denominators; }

 private:
  static Tensor wide(const Tensor& c, const Tensor& self) {
    return c.detach().to(computed_type(self.scalar_type())).contiguous();
  }
  // The place of the last that is not 0, or -1.
  static int64_t highest(const Tensor& c) {
    int64_t i = c.numel() - 1;
    const auto is_zero = [&] {
      return c.scalar_type() == at::kDouble ? c.const_data_ptr<double>()[i] == 0 : c.const_data_ptr<float>()[i] == 0;
    };
    while (i >= 0 && is_zero()) --i;
    return i;
  }
};

const char* bytes_of(const Tensor& t) { return static_cast<const char*>(t.const_data_ptr()); }

// self where its elements lie without gaps, as those of a result do, or a copy.
Tensor dense(const Tensor& self) {
  return self.is_non_overlapping_and_dense() ? self : at::empty_like(self).copy_(self);
}

Tensor in_layout_of(const Tensor& x, const Tensor& grad) {
  return grad.strides().equals(x.strides()) ? grad : at::empty_like(x).copy_(grad);
}

// All of one layout. grad_x may be undefined; returns the sums of each coefficient where they are asked for.
std::vector<double> run(const Coefficients& coefficients, const Tensor& grad, const Tensor& x, const Tensor& grad_x,
                        bool sums) {
  const int64_t count = coefficients.count(), size = x.element_size();
  std::vector<double> each(sums ? at::divup(x.numel(), share) * count : 0), totals(sums ? count : 0);
  const auto loop = cpu::find_rational(dtype_of(x.scalar_type())).gradients;
  const char *from = bytes_of(x), *grads = bytes_of(grad);
  char* to = grad_x.defined() ? static_cast<char*>(grad_x.mutable_data_ptr()) : nullptr;
  each_share(x.numel(), [&](int64_t i, int64_t first, int64_t elements) {
    const auto scratch = std::make_unique_for_overwrite<char[]>(cpu::rational_scratch(coefficients.call));
    const int64_t at = first * size;
    loop(coefficients.call, grads + at, from + at, to ? to + at : nullptr, sums ? each.data() + i * count : nullptr,
         scratch.get(), elements);
  });
  for (size_t i = 0; i < each.size(); ++i) totals[i % count] += each[i];
  return totals;
}

Tensor sums_like(const Tensor& coefficients, const double* totals) {
  const Tensor sums = at::empty({coefficients.numel()}, coefficients.options().dtype(at::kDouble));
  std::copy_n(totals, sums.numel(), sums.mutable_data_ptr<double>());
  return at::empty_like(coefficients).copy_(sums);
}

std::vector<Tensor> results_of(const Tensor& grad_x, const std::vector<double>& totals, const Given& in,
                               const Needed& needed) {
  std::vector<Tensor> out{grad_x, {}, {}};
  if (needed[1]) out[1] = sums_like(in[1], totals.data());
  if (needed[2]) out[2] = sums_like(in[2], totals.data() + in[1].numel());
  return out;
}

}  // namespace

Tensor value_on_cpu(const Given& in) {
  check(in);
  const Coefficients coefficients(in);
  const Tensor x = dense(in[0]), y = at::empty_like(x);
  ask_for_large_pages(y);
  const auto loop = cpu::find_rational(dtype_of(x.scalar_type())).value;
  const char* from = bytes_of(x);
  char* to = static_cast<char*>(y.mutable_data_ptr());
  each_share(x.numel(), [&](int64_t, int64_t first, int64_t count) {
    loop(coefficients.call, from + first * x.element_size(), to + first * x.element_size(), count);
  });
  return y;
}

std::vector<Tensor> gradients_on_cpu(const Tensor& grad, const Given& in, const Needed& needed) {
  check(grad, in);
  const Coefficients coefficients(in);
  const bool sums = needed[1] || needed[2];
  const Tensor x = dense(in[0]), g = in_layout_of(x, grad);
  Tensor grad_x;
  if (needed[0]) ask_for_large_pages(grad_x = at::empty_like(x));
  // Sums go in the order of the indices, whatever the layout. Twice the work takes less time than one more copy.
  const bool apart = sums && !x.is_contiguous();
  if (apart && needed[0]) run(coefficients, g, x, grad_x, false);
  const auto totals =
      apart ? run(coefficients, grad.contiguous(), x.contiguous(), {}, true) : run(coefficients, g, x, grad_x, sums);
  return results_of(grad_x, totals, in, needed);
}

bool gradients_over_grad(const Tensor& grad, const Given& in, const Needed& needed, std::vector<Tensor>& results) {
  check(grad, in);
  if (!needed[0] || !grad.is_contiguous() || !in[0].is_contiguous()) return false;
  // No op of the dispatcher's: a profile shows it all the same.
  RECORD_FUNCTION("smoothact::rational_backward", c10::ArrayRef<const c10::IValue>());
  results = results_of(grad, run(Coefficients(in), grad, in[0], grad, needed[1] || needed[2]), in, needed);
  return true;
}

}  // namespace smoothact::rational
