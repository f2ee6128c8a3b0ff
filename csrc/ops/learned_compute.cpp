// SPDX-License-Identifier: Apache-2.0
// The kernels' side of parameters that are tensors, on the CPU: the loops of f, f' and gates that the list has anyway,
// a channel at a time, and beside them, while a block is in cache, the sums of what f gains with each parameter. Blocks
// are of one size and their sums are added in one order, so that no gradient depends on the number of threads.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <bit>

#include "../cpu/biased.h"
#include "biased.h"
#include "learned_tiles.h"
#include "learned_work.h"
#include "parallel.h"

namespace smoothact {
namespace {

using at::Tensor;

// One thread's work on tiles.
template <class T>
class Worker {
  using W = std::conditional_t<std::is_same_v<T, double>, double, float>;  // what is computed in

 public:
  Worker(const Work& work, const Tiles& tiles, const Channels& channels)
      : work_(work),
        channels_(channels),
        outs_{operand(tiles, 0), operand(tiles, 1)},
        grad_(operand(tiles, 2)),
        up_(operand(tiles, 3)),
        self_(operand(tiles, 4)) {
    const int activation = work.call.entry().index;
    const DType dtype = dtype_of(work.in[0].scalar_type()), wide = std::is_same_v<W, double> ? DType::f64 : DType::f32;
    const Operation operation = work.operation();
    const auto part = work.backward ? GatePart::backward : GatePart::forward;
    for (int o = 0; o < orders; ++o) with_.gate.loops[o] = cpu::find(activation, static_cast<Order>(o), wide);
    with_.gate.limit = infinity;
    if (work.biased) {
      with_.loop =
          work.gate ? cpu::find_fused_gate(activation, part, wide) : with_.gate.loops[static_cast<int>(operation)];
      biased_loop_ = cpu::find_biased(operation, false, dtype);
    } else if (work.gate) {
      loop_ = cpu::find_fused_gate(activation, part, dtype);
      gate_loop_ = cpu::find_gate(part, no_direction, false, dtype);
    } else {
      loop_ = cpu::find(activation, static_cast<Order>(operation), dtype);
    }
    if (work.by_parameters) {
      slopes_ = cpu::find_slopes(activation);
      widening_ = cpu::find_widening(dtype);
    }
  }
  // Adds nothing up: `sums` has a row for each of the tile's channels, by each parameter and then by the bias.
  void run(const Tile& tile, double* sums) {
    for (auto* o : {&grad_, &up_, &self_}) o->load(tile);
    for (int64_t c = 0; c < tile.channels; ++c) {
      const Channel at{tile.channel + c,          tile.count(),           outs_[0].channel(tile, c),
                       outs_[1].channel(tile, c), grad_.channel(tile, c), up_.channel(tile, c),
                       self_.channel(tile, c)};
      double* const of = sums + c * (channels_.count + 1);
      if (work_.computes()) biased_loop_ ? evaluate_with_bias(at, of + channels_.count) : evaluate(at);
      if (slopes_) sum(at, of);
    }
    for (auto& o : outs_)
      if (o) o.store(tile);
  }

 private:
  struct Channel {
    int64_t channel, count;
    T *out, *by_up, *grad, *up, *self;
  };

  TiledOperand<T> operand(const Tiles& tiles, int place) const {
    return {tiles, work_.lattice.operands[place], work_.around};
  }
  // Calls use(operand) for the outputs and then the inputs of the operation, null for an output that is not needed.
  template <class F>
  void each_operand(const Channel& at, const F& use) const {
    use(at.out);
    if (work_.gate && work_.backward) use(at.by_up);
    if (work_.backward) use(at.grad);
    use(at.self);
    if (work_.gate) use(at.up);
  }
  void evaluate(const Channel& at) {
    char* data[max_operands];
    int64_t strides[2 * max_operands] = {};
    int k = 0;
    each_operand(at, [&](T* p) {
      data[k] = reinterpret_cast<char*>(p ? p : spare_);
      strides[k++] = sizeof(T);
    });
    with_.gate.parameters = channels_.of(at.channel);
    if (loop_)
      loop_(with_.gate.parameters, data, strides, at.count, 1);
    else
      gate_loop_(with_.gate, data, strides, at.count, 1);
  }
  void evaluate_with_bias(const Channel& at, double* sum) {
    with_.gate.parameters = channels_.of(at.channel);
    const W bias = static_cast<W>(channels_.biases[at.channel]);
    cpu::BiasedRows r;
    r.rows = 1;
    r.columns = at.count;
    int k = 0;
    each_operand(at, [&](T* p) { r.operands[k++] = {reinterpret_cast<char*>(p), sizeof(T), 0}; });
    r.bias[0] = &bias;
    const int64_t columns = std::bit_ceil(static_cast<uint64_t>(std::min(at.count, cpu::biased_block)));
    if (work_.by_bias) {
      std::fill_n(columns_, columns, 0.0);
      r.sums[0] = columns_;
    }
    biased_loop_(with_, r);
    if (work_.by_bias) *sum = added_columns(columns_, columns);
  }
  void sum(const Channel& at, double* sums) {
    const int64_t whole = at::divup(at.count, cpu::slope_step) * cpu::slope_step;
    widening_({at.self, at.grad, at.up, channels_.biases[at.channel]}, x_, g_, at.count);
    std::fill(x_ + at.count, x_ + whole, 1.0);
    std::fill(g_ + at.count, g_ + whole, 0.0);
    slopes_(channels_.of(at.channel), g_, x_, whole, sums);
  }

  const Work& work_;
  const Channels& channels_;
  TiledOperand<T> outs_[2], grad_, up_, self_;
  cpu::Loop loop_ = nullptr;
  cpu::BiasedCall with_{};
  cpu::GateLoop gate_loop_ = nullptr;
  cpu::BiasedLoop biased_loop_ = nullptr;
  cpu::SlopeSum slopes_ = nullptr;
  cpu::Widening widening_ = nullptr;
  alignas(64) double x_[Tiles::length], g_[Tiles::length];
  double columns_[cpu::biased_block];
  T spare_[Tiles::length];  // for what nobody needs
};

// The sums of each channel over all tiles, by each parameter and then by the bias.
std::vector<double> run(const Work& work, const Tiles& tiles, const Channels& channels) {
  const int64_t width = channels.count + 1, pitch = tiles.columns * width;
  const bool summed = work.by_parameters || work.by_bias;
  std::vector<double> sums(summed ? tiles.total() * pitch : pitch), totals(tiles.channels * width);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, work.in[0].scalar_type(), "smoothact", [&] {
    // A few tiles at a time share the buffers.
    const int64_t group = std::max<int64_t>(1, 16384 / (tiles.most() * tiles.columns));
    in_parallel(at::divup(tiles.total(), group), [&](int64_t g) {
      const auto worker = std::make_unique<Worker<scalar_t>>(work, tiles, channels);
      for (int64_t i = g * group; i < std::min((g + 1) * group, tiles.total()); ++i)
        worker->run(Tile(tiles, i), sums.data() + (summed ? i * pitch : 0));
    });
  });
  for (int64_t i = 0; summed && i < tiles.total(); ++i) {
    const Tile tile(tiles, i);
    for (int64_t k = 0; k < tile.channels * width; ++k) totals[tile.channel * width + k] += sums[i * pitch + k];
  }
  return totals;
}

// Whether the bias alone may have channels: rows of it at a time then, however short these are.
bool takes_rows(const Work& work) {
  bool rows = work.biased;
  for (int i = 1; i < work.call.bias(); ++i) rows = rows && (!work.in[i].defined() || work.in[i].numel() == 1);
  return rows;
}
std::vector<Tensor> run_rows(const Work& work, const Channels& parameters) {
  const LearnedCall& call = work.call;
  const int bias = call.bias(), up = call.up();
  BiasedPass pass{call.entry().index, work.operation(), parameters.values.data()};
  pass.out = work.out;
  int k = 0;
  for (const Tensor& t : {work.grad, work.in[0], work.in[up]})
    if (t.defined()) pass.in[k++] = t;
  pass.bias[0] = work.in[bias];
  pass.dim = call.dim();
  pass.summed[0] = work.by_bias;
  std::array<Tensor, 2> sums;
  if (work.computes()) sums = pass.run();
  if (!work.backward) return {work.out[0]};

  std::vector<Tensor> results(call.inputs());
  if (work.by_parameters) {
    // Of the sum, for which there is no pass with a bias.
    LearnedCall::Tensors inner;
    std::copy(work.in.begin(), work.in.end(), inner.begin());
    inner[0] = plus_bias(work.in[0], work.in[bias], call.dim());
    inner[bias] = Tensor();
    const auto type = inner[0].scalar_type();
    if (work.gate) inner[up] = inner[up].to(type);
    LearnedCall::Needed needed = work.needed;
    needed[0] = needed[up] = needed[bias] = false;
    results = learned_on_cpu(call, work.grad.to(type), {inner.data(), work.in.size()}, needed, {});
  }
  results[0] = work.out[0];
  results[up] = work.out[1];
  if (work.by_bias) results[bias] = sums[0].to(work.in[bias].scalar_type());
  return results;
}

// Where no loop may walk the operands as they lie.
std::vector<Tensor> contiguous(const LearnedCall& call, const Tensor& grad, Inputs in,
                               const LearnedCall::Needed& needed) {
  LearnedCall::Tensors dense;
  std::copy(in.begin(), in.end(), dense.begin());
  for (int i : {0, call.up()})
    if (dense[i].defined()) dense[i] = dense[i].contiguous();
  return learned_on_cpu(call, grad.defined() ? grad.contiguous() : grad, {dense.data(), in.size()}, needed, {});
}

}  // namespace

std::vector<Tensor> learned_on_cpu(const LearnedCall& call, const Tensor& grad, Inputs in,
                                   const LearnedCall::Needed& needed, const Places& places) {
  check_learned(call, in, grad.defined() ? &grad : nullptr);
  if (in[0].numel() == 0) return learned_composite(call, grad, in, needed);
  const Work work(call, grad, in, needed, places);
  const bool rows = takes_rows(work);
  if (!work.around.fits && !rows) return contiguous(call, grad, in, needed);
  const Tiles tiles(work.lattice, work.around);
  const Channels channels(call, in, rows ? 1 : tiles.channels);
  if (!channels.taken) return learned_composite(call, grad, in, needed);
  if (rows) return run_rows(work, channels);
  const auto totals = run(work, tiles, channels);
  if (!work.backward) return {work.out[0]};

  std::vector<Tensor> results(call.inputs());
  results[0] = work.out[0];
  results[call.up()] = work.out[1];
  for (int i = 1; i <= call.bias(); ++i) {
    if (!needed[i] || !in[i].defined()) continue;
    const Tensor sum = at::empty({in[i].numel()}, at::kDouble);
    double* s = sum.mutable_data_ptr<double>();
    std::fill_n(s, sum.numel(), 0.0);
    for (int64_t c = 0; c < tiles.channels; ++c)
      s[sum.numel() == 1 ? 0 : c] += totals[c * (channels.count + 1) + i - 1];
    results[i] = sum.reshape(in[i].sizes()).to(in[i].scalar_type());
  }
  return results;
}

}  // namespace smoothact
