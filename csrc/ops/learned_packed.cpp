// SPDX-License-Identifier: Apache-2.0
#include "learned_packed.h"

namespace smoothact {

using at::Tensor;

LearnedHalves::LearnedHalves(const LearnedCall& given, Inputs inputs, const LearnedCall::Needed& n)
    : call(given), needed(n), packed_(given.packed()) {
  std::copy(inputs.begin(), inputs.end(), in.begin());
  if (!packed_) return;
  const Entry& e = call.entry();
  const int up = call.up();
  TORCH_CHECK_TYPE(!in[up].defined(), "smoothact::", e.name,
                   ": expected no up beside a layout, which is of both in self");
  check_tensor(in[0], [&] { return e.name + ": self"; });
  gating_.dim = call.dim();
  gating_.layout = static_cast<Layout>(call.layout());
  gating_ = normalized(e.name, in[0], gating_);
  call.integers[2] = LearnedCall::apart;
  const auto pair = of(in[0]);
  in[0] = pair[0];
  in[up] = pair[1];
  needed[up] = needed[0];
}

std::vector<Tensor> LearnedHalves::packed(std::vector<Tensor> gradients) const {
  if (!packed_) return gradients;
  Tensor& by_up = gradients[call.up()];
  if (needed[0]) gradients[0] = smoothact::packed({gradients[0], by_up}, gating_);
  by_up = Tensor();
  return gradients;
}

}  // namespace smoothact
