// SPDX-License-Identifier: Apache-2.0
// The kernels' side of a gate: shapes and layouts in, loops out; and the same as formulas on tensors.
#include <ATen/ExpandUtils.h>
#include <ATen/TensorIterator.h>
#include <ATen/TensorOperators.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/copysign.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "../cpu/registry.h"
#include "gates.h"
#include "op.h"
#include "pages.h"
#if defined(SMOOTHACT_WITH_CUDA)
#include "../cuda/gated_glue.h"
#include "../cuda/glue.h"
#endif

namespace smoothact {
namespace {

using at::Tensor;

// Of a pair op and of a packed one.
const char* input_name(const GateOp& op, size_t i) {
  static constexpr const char* names[2][gate_parts][most_gate_inputs] = {
      {{"gate", "up"},
       {"grad", "gate", "up"},
       {"v_gate", "v_up", "gate", "up"},
       {"v_gate", "v_up", "grad", "gate", "up"}},
      {{"self"}, {"grad", "self"}, {}, {"grad_grad", "grad", "self"}}};
  return names[op.packed][static_cast<int>(op.part)][i];
}

// Of gate's layout where the shapes agree, contiguous where they broadcast, as of an elementwise op.
Tensor allocate(Inputs in) {
  const Tensor& gate = in[in.size() - 2];
  bool same = true;
  for (const auto& t : in) same = same && (!t.defined() || t.sym_sizes().equals(gate.sym_sizes()));
  if (same) return at::empty_like(gate);
  auto sizes = gate.sym_sizes().vec();
  for (const auto& t : in) {
    if (t.defined()) sizes = at::infer_size_symint(t.sym_sizes(), sizes);
  }
  return at::empty_symint(sizes, gate.options());
}

// A call on gate and up apart, whose outputs are what the op returns, or views of it.
struct Call {
  Gating gating;
  c10::SmallVector<Tensor, most_gate_inputs> in;
  Tensors out, results;
};

void append(c10::SmallVectorImpl<Tensor>& list, const std::array<Tensor, 2>& pair) {
  list.insert(list.end(), pair.begin(), pair.end());
}

// The inputs of a packed call as those of a pair.
Call unpacked(const GateOp& op, Inputs in, const Gating& given) {
  check_gate(op, in);
  Call c{given, {}, {}, {}};
  if (!op.packed) {
    c.in.assign(in.begin(), in.end());
    return c;
  }
  c.gating = normalized(op.name, in.back(), given);
  const auto pair = halves(in.back(), c.gating);
  if (op.part == GatePart::double_backward) {
    TORCH_CHECK(in[0].sym_sizes().equals(in.back().sym_sizes()), "smoothact::", op.name,
                ": expected grad_grad to have the shape of self (", in.back().sym_sizes(), "), got ",
                in[0].sym_sizes());
    append(c.in, halves(in[0], c.gating));
  }
  if (has_grad(op.part)) {
    const Tensor& grad = in[in.size() - 2];
    TORCH_CHECK(grad.sym_sizes().equals(pair[0].sym_sizes()), "smoothact::", op.name,
                ": expected grad to have the shape of the result (", pair[0].sym_sizes(), "), got ", grad.sym_sizes());
    c.in.push_back(grad);
  }
  append(c.in, pair);
  return c;
}

Call prepare(const GateOp& op, Inputs in, const Gating& given) {
  Call c = unpacked(op, in, given);
  const int outputs = outputs_of(op.part), apart = op.packed && has_grad(op.part) ? outputs - 2 : outputs;
  for (int i = 0; i < apart; ++i) c.results.push_back(allocate(c.in));
  c.out = c.results;
  if (apart < outputs) {
    c.results.push_back(at::empty_like(in.back()));
    append(c.out, halves(c.results.back(), c.gating));
  }
  return c;
}

Directions directions(GatePart part, Inputs in) {
  if (!has_directions(part)) return no_direction;
  return static_cast<Directions>((in[0].defined() ? along_gate : 0) | (in[1].defined() ? along_up : 0));
}

at::TensorIterator iterator(const Call& c) {
  at::TensorIteratorConfig config;
  config.resize_outputs(false).set_check_mem_overlap(false);  // the outputs are new
  for (const auto& t : c.out) config.add_output(t);
  for (const auto& t : c.in) {
    if (t.defined()) config.add_const_input(t);
  }
  return config.build();
}

void run_cpu(GatePart part, const Call& c) {
  if (c.out[0].numel() == 0) return;
  const Gating& g = c.gating;
  const DType dtype = dtype_of(c.in.back().scalar_type());
  const DType wide = dtype == DType::f64 ? DType::f64 : DType::f32;
  cpu::GateCall call{{}, g.parameters.data(), g.limit, g.offset};
  for (int o = 0; o < orders; ++o) call.loops[o] = cpu::find(g.activation, static_cast<Order>(o), wide);
  const cpu::GateLoop loop = cpu::find_gate(part, directions(part, c.in), g.limited(), dtype);
  const cpu::Loop fused = g.limited() ? nullptr : cpu::find_fused_gate(g.activation, part, dtype);

  auto it = iterator(c);
  it.for_each([&](char** data, const int64_t* strides, int64_t size0, int64_t size1) {
    if (fused)
      fused(call.parameters, data, strides, size0, size1);
    else
      loop(call, data, strides, size0, size1);
  });
}

}  // namespace

void check_gate(const GateOp& op, Inputs in) {
  const Tensor& last = in.back();
  const char* last_name = input_name(op, in.size() - 1);
  for (size_t i = 0; i < in.size(); ++i) {
    const char* name = input_name(op, i);
    if (!in[i].defined() && has_directions(op.part) && !op.packed && i < 2) continue;
    check_tensor(in[i], [&] { return op.name + ": " + name; });
    TORCH_CHECK_TYPE(in[i].scalar_type() == last.scalar_type(), "smoothact::", op.name, ": expected ", name,
                     " to have the dtype of ", last_name, " (", last.scalar_type(), "), got ", in[i].scalar_type());
    TORCH_CHECK(in[i].device() == last.device(), "smoothact::", op.name, ": expected ", name,
                " to be on the device of ", last_name, " (", last.device(), "), got ", in[i].device());
  }
  TORCH_CHECK_VALUE(!has_directions(op.part) || in[0].defined() || in[1].defined(), "smoothact::", op.name,
                    ": expected v_gate or v_up, got neither");
}

Gating normalized(const std::string& op, const Tensor& x, Gating g) {
  TORCH_CHECK(x.dim() > 0, "smoothact::", op, ": expected self to have at least one dimension, got none");
  TORCH_CHECK_INDEX(-x.dim() <= g.dim && g.dim < x.dim(), "smoothact::", op,
                    ": Dimension out of range (expected dim to be in range of [", -x.dim(), ", ", x.dim() - 1,
                    "], but got ", g.dim, ")");
  if (g.dim < 0) g.dim += x.dim();
  const c10::SymInt size = x.sym_size(g.dim);
  TORCH_SYM_CHECK((size % 2).sym_eq(0), "smoothact::", op, ": halving dimension must be even, but dimension ", g.dim,
                  " is size ", size);
  return g;
}

std::array<Tensor, 2> halves(const Tensor& x, const Gating& g) {
  const int64_t dim = g.dim < 0 ? g.dim + x.dim() : g.dim;
  const c10::SymInt size = x.sym_size(dim);
  if (g.layout == Layout::interleaved) return {x.slice_symint(dim, 0, size, 2), x.slice_symint(dim, 1, size, 2)};
  const c10::SymInt half = size / 2;
  const Tensor first = x.narrow_symint(dim, 0, half), second = x.narrow_symint(dim, half, half);
  return g.layout == Layout::gate_first ? std::array{first, second} : std::array{second, first};
}

Tensor packed(std::array<Tensor, 2> pair, const Gating& g) {
  if (g.layout == Layout::up_first) std::swap(pair[0], pair[1]);
  return g.layout == Layout::interleaved ? at::stack(pair, g.dim + 1).flatten(g.dim, g.dim + 1) : at::cat(pair, g.dim);
}

#if defined(SMOOTHACT_WITH_CUDA)
Tensors cuda_gate(const GateOp& op, c10::DispatchKeySet ks, Inputs in, const Gating& given) {
  const auto operation = op.part == GatePart::forward ? Operation::gate : Operation::gate_backward;
  check_gate(op, in);
  if (!cuda::launches(operation, in.back().scalar_type())) return formulas_gate(op, ks, in, given);
  const Call c = prepare(op, in, given);
  if (c.out[0].numel() == 0) return c.results;
  const Gating& g = c.gating;
  if (has_directions(op.part)) {
    cuda::GatedPass pass{g.activation, op.part, g.parameters.data(), g.limit, g.offset, op.name.c_str()};
    std::copy(c.out.begin(), c.out.end(), pass.out.begin());
    std::copy(c.in.begin(), c.in.begin() + 2, pass.in.begin());
    std::copy_backward(c.in.begin() + 2, c.in.end(), pass.in.end());
    pass.run();
    return c.results;
  }
  cuda::Pass pass{g.activation, operation, g.parameters.data(), op.name.c_str()};
  pass.limits.limit = static_cast<float>(g.limit);
  if (g.offset != 0) pass.limits.offset = static_cast<float>(g.offset);
  auto it = iterator(c);
  cuda::launch_from(it, pass);
  return c.results;
}
#endif

Tensors compute_gate(const GateOp& op, c10::DispatchKeySet, Inputs in, const Gating& g) {
  const Call c = prepare(op, in, g);
  for (const auto& t : c.results) ask_for_large_pages(t);
  run_cpu(op.part, c);
  return c.results;
}

Tensors meta_gate(const GateOp& op, c10::DispatchKeySet, Inputs in, const Gating& g) {
  return prepare(op, in, g).results;
}

// In elementwise ops, which ATen differentiates to any order. 16-bit types are rounded once here too.
Tensors composite_gate(const GateOp& op, c10::DispatchKeySet, Inputs in, const Gating& given) {
  const Call c = unpacked(op, in, given);
  const Gating& g = c.gating;
  const Op& activation = op_of(g.activation);
  const auto type = in.back().scalar_type();
  const bool narrow = type == at::kBFloat16 || type == at::kHalf;

  c10::SmallVector<Tensor, most_gate_inputs> t;
  for (const auto& v : c.in) t.push_back(narrow && v.defined() ? v.to(at::kFloat) : v);
  Tensor gate = t[t.size() - 2], up = t.back(), beyond_gate, beyond_up;
  if (g.limited()) {
    beyond_gate = gate > g.limit;
    beyond_up = up.abs() > g.limit;
    gate = at::where(beyond_gate, g.limit, gate);
    up = at::where(beyond_up, at::copysign(at::full_like(up, g.limit), up.detach()), up) + g.offset;
  }
  const auto of_gate = [&](const Tensor& v) { return g.limited() ? at::where(beyond_gate, 0.0, v) : v; };
  const auto of_up = [&](const Tensor& v) { return g.limited() ? at::where(beyond_up, 0.0, v) : v; };
  const auto f = [&] { return activation.call(Order::forward, gate, g.parameters); };
  const auto df = [&](const Tensor& a) { return activation.call(Order::backward, {a, gate}, g.parameters); };
  const auto d2f = [&](const Tensor& a) {
    return activation.call(Order::double_backward, {a, at::ones_like(a), gate}, g.parameters);
  };

  // f' meets one factor at a time: see Gated of order.h.
  Tensors out;
  const Tensor grad = has_grad(op.part) ? t[t.size() - 3] : Tensor();
  if (op.part == GatePart::forward) {
    out.push_back(f() * up);
  } else if (op.part == GatePart::backward) {
    out = {of_gate(df(up) * grad), of_up(f() * grad)};
  } else {
    const Tensor v_gate = t[0].defined() ? of_gate(t[0]) : t[0], v_up = t[1].defined() ? of_up(t[1]) : t[1];
    // By what stands beside it, the derivative along the directions that are present.
    const auto along = [&](auto by_gate, auto by_up) {
      if (!v_up.defined()) return by_gate() * v_gate;
      if (!v_gate.defined()) return by_up() * v_up;
      return by_gate() * v_gate + by_up() * v_up;
    };
    out.push_back(along([&] { return df(up); }, f));
    if (op.part == GatePart::double_backward) {
      const Tensor slope = df(at::ones_like(gate));
      out.push_back(of_gate(along([&] { return d2f(up); }, [&] { return slope; }) * grad));
      out.push_back(v_gate.defined() ? of_up(slope * v_gate * grad) : at::zeros_like(out.back()));
    }
  }
  // Each has the shape that all inputs broadcast to, whatever of them its formula knows.
  std::vector<c10::SymInt> sizes = gate.sym_sizes().vec();
  for (const auto& v : t) {
    if (v.defined()) sizes = at::infer_size_symint(v.sym_sizes(), sizes);
  }
  for (auto& v : out) {
    if (!v.sym_sizes().equals(sizes)) v = v.expand_symint(sizes).contiguous();
    if (narrow) v = v.to(type);
  }
  if (!op.packed || !has_grad(op.part)) return out;
  const std::array<Tensor, 2> pair{out[out.size() - 2], out.back()};
  out.resize(out.size() - 2);
  out.push_back(packed(pair, g));
  return out;
}

Tensors formulas_gate(const GateOp& op, c10::DispatchKeySet ks, Inputs in, const Gating& g) {
  Tensors out = composite_gate(op, ks, in, g);
  Tensors expected = prepare(op, in, g).results;
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i].strides().equals(expected[i].strides())) out[i] = expected[i].copy_(out[i]);
  }
  return out;
}

}  // namespace smoothact
