// SPDX-License-Identifier: Apache-2.0
// Gates, y = f(gate)·up, as one op family over every activation, which is named by an argument. gated, gated_backward,
// gated_jvp and gated_double_backward take gate and up apart; gated_packed, gated_packed_backward and
// gated_packed_double_backward take them as halves of one tensor, and give a gradient of its shape.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <memory>

#include "../kernels/gate.h"
#include "entry.h"

namespace smoothact {

enum class Layout : int64_t { gate_first, up_first, interleaved };
inline constexpr const char* layout_names[] = {"gate_first", "up_first", "interleaved"};

struct Gating {
  int activation = 0;
  Parameters parameters{};
  double limit = infinity;  // of gate, and of up to both sides
  double offset = 0;        // what up is raised by
  int64_t dim = 0;          // of packed ops
  Layout layout = Layout::gate_first;

  const Entry& entry() const { return entries()[activation]; }
  bool limited() const { return limit != infinity || offset != 0; }
};

using Tensors = c10::SmallVector<at::Tensor, most_gate_outputs>;

class GateOp;
using GateKernel = Tensors (*)(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);

// Hides the signature, as Op does. An absent direction is an undefined tensor.
class GateOp {
 public:
  const GatePart part;
  const bool packed;
  const std::string name;

  GateOp(GatePart part, bool packed, std::string name) : part(part), packed(packed), name(std::move(name)) {}
  virtual ~GateOp() = default;

  virtual Tensors call(Inputs, const Gating&) const = 0;
  virtual Tensors redispatch(c10::DispatchKeySet, Inputs, const Gating&) const = 0;
  virtual void implement(torch::Library&, GateKernel) const = 0;
  virtual std::string schema() const = 0;
};

// All but a packed jvp, which is that of the halves.
const std::vector<std::unique_ptr<GateOp>>& gate_ops();
const GateOp& gate_op(GatePart, bool packed);

// From an op's arguments, which are checked.
Gating gating_of(const std::string& op, int64_t dim, std::string_view layout, std::string_view activation,
                 at::ArrayRef<double> parameters, std::optional<double> limit, double offset);
void check_gate(const GateOp&, Inputs);
// The dim of a packed op, from 0 on; the halved size is even.
Gating normalized(const std::string& op, const at::Tensor& packed, Gating);
Layout layout_of(const std::string& op, std::string_view name);
// gate and up of a packed tensor, as views; and the way back, which copies.
std::array<at::Tensor, 2> halves(const at::Tensor& packed, const Gating&);
at::Tensor packed(std::array<at::Tensor, 2> halves, const Gating&);
// The parameters as an op takes them.
at::ArrayRef<double> given(const Gating&);

Tensors compute_gate(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);
#if defined(SMOOTHACT_WITH_CUDA)
// In one pass, but for double: formulas_gate.
Tensors cuda_gate(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);
#endif
Tensors meta_gate(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);
Tensors composite_gate(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);
// The same for a device: in the layout that Meta promises.
Tensors formulas_gate(const GateOp&, c10::DispatchKeySet, Inputs, const Gating&);

}  // namespace smoothact
