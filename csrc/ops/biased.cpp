// SPDX-License-Identifier: Apache-2.0
#include "biased.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>

#include "../cpu/biased.h"
#include "lattice.h"
#include "parallel.h"
#if defined(SMOOTHACT_WITH_CUDA)
#include "../cuda/gated_glue.h"
#endif

namespace smoothact {
namespace {

using at::Tensor;

struct Totals {
  std::array<std::vector<double>, 2> of;  // each value's, by channel
  int64_t repeat;                         // columns that share a channel, where there is one for each

  // Of columns from `first` on.
  void add(int value, int64_t first, const double* sums, int64_t count) {
    auto& t = of[value];
    int64_t channel = first / repeat % std::ssize(t), place = first % repeat;
    for (int64_t i = 0; i < count; ++i) {
      t[channel] += sums[i];
      if (++place < repeat) continue;
      place = 0;
      if (++channel == std::ssize(t)) channel = 0;
    }
  }
};

// Tiles are of one size, and their sums are added in one order, so that no gradient depends on the number of threads.
class Tiles {
 public:
  static constexpr int64_t most_rows = 32, most_columns = 4 * cpu::biased_block, elements = 32768;

  Tiles(const Lattice& l, std::array<const char*, 2> bias, int64_t bias_bytes)
      : l_(l), bias_(bias), bias_bytes_(bias_bytes), each_column_(l.channel[0] != 0) {
    columns_ = std::min(l.size[0], each_column_ ? most_columns : elements);
    rows_ = each_column_ ? most_rows : l.channel[1] ? 1 : std::max<int64_t>(1, elements / l.size[0]);
    down_ = at::divup(l.size[1], rows_);
    across_ = at::divup(l.size[0], columns_);
  }

  void run(cpu::BiasedLoop loop, const cpu::BiasedCall& call, Totals& totals) const {
    const int64_t tiles = l_.size[2] * down_ * across_, width = each_column_ ? columns_ : 1;
    std::array<std::vector<double>, 2> sums;
    for (int v = 0; v < 2; ++v) sums[v].resize(totals.of[v].empty() ? 0 : tiles * width);
    in_parallel(tiles, [&](int64_t i) {
      double columns[2][cpu::biased_block];
      cpu::BiasedRows r = rows(i);
      for (int v = 0; v < 2; ++v) {
        if (sums[v].empty()) continue;
        r.sums[v] = each_column_ ? &sums[v][i * width] : columns[v];
        if (!each_column_) std::fill_n(columns[v], cpu::biased_block, 0.0);
      }
      loop(call, r);
      for (int v = 0; v < 2 && !each_column_; ++v)
        if (!sums[v].empty()) sums[v][i] = added_columns(columns[v], cpu::biased_block);
    });
    for (int v = 0; v < 2; ++v) {
      if (sums[v].empty()) continue;
      for (int64_t i = 0; i < tiles; ++i) {
        const int64_t first = each_column_ ? i % across_ * columns_ : channel(i);
        const int64_t count = each_column_ ? std::min(columns_, l_.size[0] - first) : 1;
        totals.add(v, first, &sums[v][i * width], count);
      }
    }
  }

 private:
  int64_t plane(int64_t i) const { return i / (down_ * across_); }
  int64_t row(int64_t i) const { return i / across_ % down_ * rows_; }
  int64_t channel(int64_t i) const { return row(i) * l_.channel[1] + plane(i) * l_.channel[2]; }

  cpu::BiasedRows rows(int64_t i) const {
    cpu::BiasedRows r;
    const int64_t column = i % across_ * columns_;
    r.rows = std::min(rows_, l_.size[1] - row(i));
    r.columns = std::min(columns_, l_.size[0] - column);
    r.each_column = each_column_;
    for (int k = 0; k < max_operands; ++k) {
      const auto& o = l_.operands[k];
      if (!o.data) continue;
      r.operands[k].data = o.data + plane(i) * o.stride[2] + row(i) * o.stride[1] + column * o.stride[0];
      r.operands[k].stride = o.stride[0];
      r.operands[k].across = o.stride[1];
    }
    for (int v = 0; v < 2; ++v)
      if (bias_[v]) r.bias[v] = bias_[v] + (each_column_ ? column : channel(i)) * bias_bytes_;
    return r;
  }

  const Lattice& l_;
  const std::array<const char*, 2> bias_;
  const int64_t bias_bytes_;
  const bool each_column_;
  int64_t rows_, columns_, down_, across_;
};

}  // namespace

// As a tree: one after the other, each would wait for the one before.
double added_columns(double* sums, int64_t columns) {
  for (int64_t n = columns / 2; n > 0; n /= 2)
    for (int64_t k = 0; k < n; ++k) sums[k] += sums[k + n];
  return sums[0];
}

std::array<Tensor, 2> BiasedPass::run() const {
#if defined(SMOOTHACT_WITH_CUDA)
  if (in[0].is_cuda()) {
    const bool backward = operation == Operation::gate_backward;
    cuda::GatedPass pass{activation, backward ? GatePart::backward : GatePart::forward,  parameters, limit,
                         offset,     backward ? "gated_biased_backward" : "gated_biased"};
    pass.out = {out[0], out[1], Tensor()};
    if (backward)
      pass.in = {Tensor(), Tensor(), in[0], in[1], in[2]};
    else
      pass.in = {Tensor(), Tensor(), Tensor(), in[0], in[1]};
    pass.bias = bias;
    pass.dim = dim;
    pass.summed = summed;
    return pass.run();
  }
#endif
  return run_on_cpu();
}

std::array<Tensor, 2> BiasedPass::run_on_cpu() const {
  const auto type = computed_type(in[0].scalar_type());
  const DType dtype = dtype_of(in[0].scalar_type()), wide = dtype_of(type);
  int64_t channels = 1;
  for (const auto& b : bias) channels = std::max(channels, b.defined() ? b.numel() : 1);
  const int outputs = outputs_of(operation), inputs = inputs_of(operation);
  Lattice whole(at::ArrayRef(out.data(), outputs), at::ArrayRef(in.data(), inputs), channels, dim);
  const bool joins = whole.joins();
  // Rows apart from each other, each too short to be worth a call, are brought together too.
  constexpr int64_t short_row = 64;
  if (!whole.fits() || (whole.size[0] < short_row && whole.size[1] > 1 && !joins)) {
    BiasedPass dense = *this;
    for (auto& t : dense.in)
      if (t.defined()) t = t.contiguous();
    for (auto& t : dense.out)
      if (t.defined()) t = at::empty_like(t, at::MemoryFormat::Contiguous);
    const auto sums = dense.run_on_cpu();
    for (int k = 0; k < 2; ++k)
      if (out[k].defined()) out[k].copy_(dense.out[k]);
    return sums;
  }

  // Short rows are taken together.
  Totals totals{{}, 1};
  int64_t times = 1;
  if (whole.channel[1] && whole.size[0] < cpu::biased_block && joins) {
    totals.repeat = whole.size[0];
    whole = whole.joined(whole.size[1], whole.size[1]);
    std::swap(whole.size[1], whole.size[2]);
    for (auto& o : whole.operands) std::swap(o.stride[1], o.stride[2]);
  }
  if (whole.channel[0] && whole.size[0] < cpu::biased_block && whole.joins())
    times = std::min(cpu::biased_block / whole.size[0], whole.size[1]);

  std::array<Tensor, 2> held;
  std::array<const char*, 2> biases{};
  for (int v = 0; v < 2; ++v) {
    if (!bias[v].defined()) continue;
    held[v] = bias[v].detach().reshape(-1).to(type).expand({channels});
    if (whole.channel[0]) held[v] = held[v].unsqueeze(1).expand({channels, totals.repeat}).reshape(-1).repeat(times);
    held[v] = held[v].contiguous();
    biases[v] = static_cast<const char*>(held[v].const_data_ptr());
    if (summed[v]) totals.of[v].resize(bias[v].numel());
  }

  const bool gate = is_gate(operation), limited = gate && (limit != infinity || offset != 0);
  cpu::BiasedCall call{{{}, parameters, limit, offset}, nullptr};
  for (int o = 0; o < orders; ++o) call.gate.loops[o] = cpu::find(activation, static_cast<Order>(o), wide);
  if (!gate)
    call.loop = call.gate.loops[static_cast<int>(operation)];
  else if (!limited)
    call.loop =
        cpu::find_fused_gate(activation, operation == Operation::gate ? GatePart::forward : GatePart::backward, wide);
  const auto loop = cpu::find_biased(operation, limited, dtype);

  const int64_t rows = whole.size[1] / times * times;
  const Lattice first = times > 1 ? whole.joined(rows, times) : whole, rest = whole.after(rows);
  const Lattice last = rest.joined(rest.size[1], std::max<int64_t>(1, rest.size[1]));
  for (const Lattice* l : {&first, &last})
    if (l->size[1] > 0) Tiles(*l, biases, c10::elementSize(type)).run(loop, call, totals);

  std::array<Tensor, 2> sums;
  for (int v = 0; v < 2; ++v) {
    if (!summed[v] || !bias[v].defined()) continue;
    sums[v] = at::empty(bias[v].sizes(), at::kDouble);
    std::copy(totals.of[v].begin(), totals.of[v].end(), sums[v].mutable_data_ptr<double>());
  }
  return sums;
}

}  // namespace smoothact
