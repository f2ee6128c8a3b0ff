// SPDX-License-Identifier: Apache-2.0
// What a call on parameters that are tensors is to compute on the CPU.
#pragma once

#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <vector>

#include "lattice.h"
#include "learned.h"
#include "pages.h"

namespace smoothact {

// The parameters of each channel, and whether the loops take them all; and the biases.
struct Channels {
  int count;
  std::vector<double> values, biases;
  bool taken = true;

  Channels(const LearnedCall& call, Inputs in, int64_t channels)
      : count(call.bias() - 1), values(count * channels, infinity), biases(channels, -0.0) {
    for (int i = 1; i <= call.bias(); ++i) {
      if (!in[i].defined()) continue;
      const at::Tensor p = in[i].detach().to(at::kDouble).contiguous();
      const double* v = p.const_data_ptr<double>();
      for (int64_t c = 0; c < channels; ++c)
        (i == call.bias() ? biases[c] : values[c * count + i - 1]) = v[p.numel() == 1 ? 0 : c];
    }
    for (int64_t c = 0; c < channels; ++c) {
      Parameters p{};
      std::copy_n(of(c), count, p.begin());
      taken = taken && takes_parameters(call.entry(), p);
    }
  }
  const double* of(int64_t channel) const { return values.data() + channel * count; }
};

// A call whose inputs are checked, and where its operands lie.
struct Work {
  const LearnedCall& call;
  const at::Tensor& grad;
  Inputs in;
  const LearnedCall::Needed& needed;
  const bool backward, gate, biased;
  Places out;                           // y, or the gradients by self and up; undefined if not needed
  bool by_parameters = false, by_bias;  // sums that are needed
  Lattice lattice;
  const Around around;

  Work(const LearnedCall& call, const at::Tensor& grad, Inputs in, const LearnedCall::Needed& needed,
       const Places& places)
      : call(call),
        grad(grad),
        in(in),
        needed(needed),
        backward(grad.defined()),
        gate(in[call.up()].defined()),
        biased(in[call.bias()].defined()),
        out{results(call, in, needed, backward, places)},
        by_bias(backward && biased && needed[call.bias()]),
        lattice(out, {grad, in[call.up()], in[0]}, channels(call, in), call.dim()),
        around(lattice) {
    for (int i = 1; i < call.bias(); ++i) by_parameters = by_parameters || (backward && needed[i] && in[i].defined());
  }
  Operation operation() const {
    if (gate) return backward ? Operation::gate_backward : Operation::gate;
    return backward ? Operation::backward : Operation::forward;
  }
  bool computes() const { return out[0].defined() || out[1].defined() || by_bias; }

 private:
  static Places results(const LearnedCall& call, Inputs in, const LearnedCall::Needed& needed, bool backward,
                        Places r) {
    const auto allocate = [](at::Tensor& t, const at::Tensor& like) {
      if (t.defined()) return;
      t = at::empty_like(like);
      ask_for_large_pages(t);
    };
    if (!backward || needed[0]) allocate(r[0], in[0]);
    if (backward && needed[call.up()] && in[call.up()].defined()) allocate(r[1], in[call.up()]);
    return r;
  }
  static int64_t channels(const LearnedCall& call, Inputs in) {
    int64_t n = 1;
    for (int i = 1; i <= call.bias(); ++i)
      if (in[i].defined()) n = std::max(n, in[i].numel());
    return n;
  }
};

}  // namespace smoothact
