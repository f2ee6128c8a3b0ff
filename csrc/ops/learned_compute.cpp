// SPDX-License-Identifier: Apache-2.0
// The kernels' side of parameters that are tensors, on the CPU: the loops of f and f' that the list has anyway, a
// channel at a time, and beside them, while a block is in cache, the sums of what f gains with each parameter. Blocks
// are of one size and their sums are added in one order, so that no gradient depends on the number of threads.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "../cpu/registry.h"
#include "biased.h"
#include "learned.h"
#include "pages.h"
#include "parallel.h"

namespace smoothact {
namespace {

using at::Tensor;

// self in tiles. Where a channel's elements lie far apart, those of a few channels are brought together.
struct Tiles {
  static constexpr int64_t length = 1024, short_length = 512, most_channels = 16;
  int64_t outer, channels, inner;
  int64_t rows, columns, run;   // of outer, channels and inner in a tile
  int64_t down, across, along;  // tiles

  explicit Tiles(const Channelwise& v) : outer(v.outer), channels(v.channels), inner(v.inner) {
    run = std::min(inner, length);
    rows = joined() ? std::min(outer, short_length / inner) : 1;
    columns = joined() ? std::min(channels, most_channels) : 1;
    down = at::divup(outer, rows);
    across = at::divup(channels, columns);
    along = at::divup(inner, run);
  }
  bool joined() const { return channels > 1 && inner < short_length; }
  int64_t total() const { return down * across * along; }
  int64_t most() const { return rows * run; }
  int64_t pitch() const { return most() + 16; }  // by a power of two, the channels would share a few lines of the cache
};

struct Tile {
  int64_t row, rows, channel, channels, start, run;

  Tile(const Tiles& t, int64_t place)
      : row(place / (t.across * t.along) * t.rows),
        rows(std::min(t.rows, t.outer - row)),
        channel(place / t.along % t.across * t.columns),
        channels(std::min(t.columns, t.channels - channel)),
        start(place % t.along * t.run),
        run(std::min(t.run, t.inner - start)) {}
  int64_t count() const { return rows * run; }
};

// Copies a tile between its place in memory and `block`, which has a row for each channel.
template <class T, bool to_block>
void bring_together(T* block, int64_t pitch, T* memory, const Tiles& t, const Tile& tile) {
  for (int64_t r = 0; r < tile.rows; ++r) {
    T* p = memory + ((tile.row + r) * t.channels + tile.channel) * t.inner;
    for (int64_t c = 0; c < tile.channels; ++c) {
      T* q = block + c * pitch + r * t.inner;
      for (int64_t i = 0; i < t.inner; ++i) {
        if constexpr (to_block)
          q[i] = p[c * t.inner + i];
        else
          p[c * t.inner + i] = q[i];
      }
    }
  }
}

// A tensor's elements, tile by tile.
template <class T>
class Operand {
 public:
  Operand(const Tiles& tiles, const Tensor& t)
      : tiles_(tiles), memory_(t.defined() ? static_cast<T*>(const_cast<void*>(t.const_data_ptr())) : nullptr) {
    if (memory_ && tiles.joined()) block_.resize(tiles.columns * tiles.pitch());
  }
  explicit operator bool() const { return memory_; }
  void load(const Tile& tile) {
    if (!block_.empty()) bring_together<T, true>(block_.data(), tiles_.pitch(), memory_, tiles_, tile);
  }
  void store(const Tile& tile) {
    if (!block_.empty()) bring_together<T, false>(block_.data(), tiles_.pitch(), memory_, tiles_, tile);
  }
  T* channel(const Tile& tile, int64_t c) {
    if (!block_.empty()) return block_.data() + c * tiles_.pitch();
    return memory_ + (tile.row * tiles_.channels + tile.channel + c) * tiles_.inner + tile.start;
  }

 private:
  const Tiles& tiles_;
  T* memory_;
  std::vector<T> block_;
};

// The parameters of each channel, and whether the loops take them all.
struct Channels {
  int count;
  std::vector<double> values;
  bool taken = true;

  Channels(const Entry& e, Inputs in, int64_t channels)
      : count(e.descriptor->parameters.size), values(count * channels, infinity) {
    for (int i = 0; i < count; ++i) {
      if (!in[i + 1].defined()) continue;
      const Tensor p = in[i + 1].detach().to(at::kDouble).contiguous();
      const double* v = p.const_data_ptr<double>();
      for (int64_t c = 0; c < channels; ++c) values[c * count + i] = v[p.numel() == 1 ? 0 : c];
    }
    for (int64_t c = 0; c < channels; ++c) {
      Parameters p{};
      std::copy_n(of(c), count, p.begin());
      taken = taken && takes_parameters(e, p);
    }
  }
  const double* of(int64_t channel) const { return values.data() + channel * count; }
};

template <class T>
void widen(const T* p, int64_t count, double* out, double padding) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<double>(p[i]);
  for (; count % cpu::slope_step != 0; ++count) out[count] = padding;
}

// One thread's work on tiles.
template <class T>
class Worker {
 public:
  Worker(const LearnedCall& call, const Tiles& tiles, const Channels& channels, const Tensor& grad, const Tensor& self,
         const Tensor& out, bool slopes)
      : channels_(channels), grad_(tiles, grad), self_(tiles, self), out_(tiles, out) {
    const DType dtype = dtype_of(self.scalar_type());
    loop_ = cpu::find(call.entry().index, grad_ ? Order::backward : Order::forward, dtype);
    if (slopes) slopes_ = cpu::find_slopes(call.entry().index);
  }
  // Adds nothing up: `sums` has a row for each of the tile's channels.
  void run(const Tile& tile, double* sums) {
    if (grad_) grad_.load(tile);
    self_.load(tile);
    for (int64_t c = 0; c < tile.channels; ++c) {
      const double* parameters = channels_.of(tile.channel + c);
      T *x = self_.channel(tile, c), *g = grad_ ? grad_.channel(tile, c) : nullptr;
      if (out_) evaluate(parameters, out_.channel(tile, c), g, x, tile.count());
      if (slopes_) sum(parameters, g, x, tile.count(), sums + c * channels_.count);
    }
    if (out_) out_.store(tile);
  }

 private:
  void evaluate(const double* parameters, T* out, T* g, T* x, int64_t count) {
    char* data[3] = {reinterpret_cast<char*>(out), reinterpret_cast<char*>(g ? g : x), reinterpret_cast<char*>(x)};
    int64_t strides[6] = {sizeof(T), sizeof(T), g ? static_cast<int64_t>(sizeof(T)) : 0};
    loop_(parameters, data, strides, count, 1);
  }
  void sum(const double* parameters, const T* g, const T* x, int64_t count, double* sums) {
    widen(x, count, x_, 1);
    widen(g, count, g_, 0);
    slopes_(parameters, g_, x_, at::divup(count, cpu::slope_step) * cpu::slope_step, sums);
  }

  const Channels& channels_;
  Operand<T> grad_, self_, out_;
  cpu::Loop loop_;
  cpu::SlopeSum slopes_ = nullptr;
  alignas(64) double x_[Tiles::length], g_[Tiles::length];
};

// The sums of each channel's parameters over all tiles.
std::vector<double> run(const LearnedCall& call, const Tiles& tiles, const Channels& channels, const Tensor& grad,
                        const Tensor& self, const Tensor& out, bool slopes) {
  const int64_t pitch = tiles.columns * channels.count;
  std::vector<double> sums(slopes ? tiles.total() * pitch : 0);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, self.scalar_type(), "smoothact", [&] {
    // A few tiles at a time share the buffers.
    const int64_t group = std::max<int64_t>(1, 16384 / (tiles.most() * tiles.columns));
    in_parallel(at::divup(tiles.total(), group), [&](int64_t g) {
      const auto worker = std::make_unique<Worker<scalar_t>>(call, tiles, channels, grad, self, out, slopes);
      for (int64_t i = g * group; i < std::min((g + 1) * group, tiles.total()); ++i)
        worker->run(Tile(tiles, i), sums.data() + (slopes ? i * pitch : 0));
    });
  });
  std::vector<double> totals(channels.values.size());
  for (int64_t i = 0; slopes && i < tiles.total(); ++i) {
    const Tile tile(tiles, i);
    for (int64_t k = 0; k < tile.channels * channels.count; ++k)
      totals[tile.channel * channels.count + k] += sums[i * pitch + k];
  }
  return totals;
}

// With a bias: in one pass too where the parameters are numbers.
std::vector<Tensor> biased(const LearnedCall& call, const Tensor& grad, Inputs in, const LearnedCall::Needed& needed,
                           bool slopes) {
  const bool backward = grad.defined();
  bool numbers = !slopes;
  for (int i = 1; i < call.bias(); ++i) numbers = numbers && (!in[i].defined() || in[i].numel() == 1);
  const Channels parameters(call.entry(), in, numbers ? 1 : 0);
  if (!numbers || !parameters.taken) return learned_apart(call, grad, in, needed);
  BiasedPass pass{call.entry().index, backward ? Operation::backward : Operation::forward, parameters.values.data()};
  if (!backward || needed[0]) ask_for_large_pages(pass.out[0] = at::empty_like(in[0]));
  pass.in = backward ? std::array{grad, in[0], Tensor()} : std::array{in[0], Tensor(), Tensor()};
  pass.bias[0] = in[call.bias()];
  pass.dim = call.dim();
  pass.summed[0] = backward && needed[call.bias()];
  const auto sums = pass.run();
  if (!backward) return {pass.out[0]};
  std::vector<Tensor> results(call.inputs());
  results[0] = pass.out[0];
  if (pass.summed[0]) results[call.bias()] = sums[0].to(in[call.bias()].scalar_type());
  return results;
}

}  // namespace

std::vector<Tensor> learned_on_cpu(const LearnedCall& call, const Tensor& grad, Inputs in,
                                   const LearnedCall::Needed& needed) {
  const bool backward = grad.defined();
  check_learned(call, in, backward ? &grad : nullptr);
  bool slopes = false;
  for (int i = 1; i < call.bias(); ++i) slopes = slopes || (backward && needed[i] && in[i].defined());
  if (in[0].numel() == 0) return learned_composite(call, grad, in, needed);
  if (in[call.bias()].defined()) return biased(call, grad, in, needed, slopes);
  const Channelwise view(call, grad, in);
  const Tiles tiles(view);
  const Channels channels(call.entry(), in, tiles.channels);
  if (!channels.taken) return learned_composite(call, grad, in, needed);
  const bool image = !backward || needed[0];
  const Tensor out = image ? at::empty_like(view.self) : Tensor();
  if (image) ask_for_large_pages(out);
  const auto totals = run(call, tiles, channels, view.grad, view.self, out, slopes);
  if (!backward) return {out};

  std::vector<Tensor> results(call.inputs());
  results[0] = out;
  for (int i = 1; i < call.bias(); ++i) {
    if (!needed[i] || !in[i].defined()) continue;
    const Tensor sum = at::empty({in[i].numel()}, at::kDouble);
    double* s = sum.mutable_data_ptr<double>();
    std::fill_n(s, sum.numel(), 0.0);
    for (int64_t c = 0; c < tiles.channels; ++c) s[sum.numel() == 1 ? 0 : c] += totals[c * channels.count + i - 1];
    results[i] = sum.reshape(in[i].sizes()).to(in[i].scalar_type());
  }
  return results;
}

}  // namespace smoothact
