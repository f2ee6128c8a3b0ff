// SPDX-License-Identifier: Apache-2.0
#include "lattice.h"

#include <ATen/TensorIterator.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/ops/empty.h>

namespace smoothact {

using at::Tensor;

Lattice::Lattice(at::ArrayRef<Tensor> outputs, at::ArrayRef<Tensor> inputs, int64_t channels, int64_t dim) {
  at::TensorIteratorConfig config;
  config.resize_outputs(false).set_check_mem_overlap(false).check_all_same_dtype(false);
  std::vector<int> places;
  const auto add = [&](const Tensor& t, int place) {
    if (!t.defined()) return;
    config.add_const_input(t);
    places.push_back(place);
  };
  // The first one decides on the order of the dims, and so of sums, whatever outputs there are.
  config.add_const_input(inputs.back());
  const int out = static_cast<int>(outputs.size()), in = static_cast<int>(inputs.size());
  for (int k = 0; k < out; ++k) add(outputs[k], k);
  for (int k = 0; k < in; ++k) add(inputs[k], out + k);
  Tensor counter;  // never read: its strides tell where the channels are
  if (channels > 1) {
    const Tensor& x = inputs.back();
    std::vector<int64_t> sizes(x.dim() - at::maybe_wrap_dim(dim, x.dim()), 1);
    sizes[0] = channels;
    counter = at::empty(sizes, x.options().dtype(at::kByte)).expand(x.sizes());
    config.add_const_input(counter);
  }
  auto it = config.build();
  dims = it.ndim();
  const auto strides = [&](size_t i) { return it.strides(static_cast<int>(i) + 1); };
  for (int d = 0; d < std::min(dims, most_dims); ++d) {
    size[d] = it.shape()[d];
    if (channels > 1) channel[d] = strides(places.size())[d];
    for (size_t i = 0; i < places.size(); ++i) operands[places[i]].stride[d] = strides(i)[d];
  }
  for (size_t i = 0; i < places.size(); ++i)
    operands[places[i]].data = static_cast<char*>(it.data_ptr(static_cast<int>(i) + 1));
}

bool Lattice::joins() const {
  bool all = size[1] > 1;
  for (const auto& o : operands) all = all && o.stride[1] == size[0] * o.stride[0];
  return all;
}

Lattice Lattice::joined(int64_t rows, int64_t times) const {
  Lattice l = *this;
  l.size[0] *= times;
  l.size[1] = rows / times;
  for (auto& o : l.operands) o.stride[1] *= times;
  l.channel[0] = std::max(channel[0], channel[1]);
  l.channel[1] = 0;
  return l;
}

Lattice Lattice::after(int64_t rows) const {
  Lattice l = *this;
  l.size[1] -= rows;
  for (auto& o : l.operands)
    if (o.data) o.data += rows * o.stride[1];
  return l;
}

Around::Around(const Lattice& l) : fits(l.fits()) {
  for (int d = 0; d < Lattice::most_dims; ++d)
    if (l.channel[d]) channel = d;
  for (int d = 0; d < Lattice::most_dims; ++d) {
    if (l.size[d] == 1 || d == channel) continue;
    int& place = d < channel || (channel < 0 && inner < 0) ? inner : outer;
    fits = fits && place < 0;
    place = d;
  }
}

}  // namespace smoothact
