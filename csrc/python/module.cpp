// SPDX-License-Identifier: Apache-2.0
// smoothact._C: the fast entries, the list for Python, and what the build was.
#include <torch/csrc/utils/pybind.h>

#include "../cpu/registry.h"
#include "../ops/gates.h"
#include "../ops/learned.h"
#include "../ops/op.h"
#include "../ops/rational.h"
#include "fast.h"

namespace smoothact {
namespace {

constexpr const char* kind_names[] = {"step", "sign", "smooth_abs", "smooth_relu", "gate", "piecewise"};

template <class T>
py::tuple as_tuple(const T& list) {
  py::list l;
  for (const auto& v : list) l.append(v);
  return l;
}

py::dict as_dict(const Entry& e) {
  const Descriptor& d = *e.descriptor;
  py::dict r;
  r["name"] = d.name;
  r["module"] = d.module;
  r["aliases"] = as_tuple(d.aliases);
  r["kind"] = kind_names[static_cast<int>(d.kind)];
  py::list parameters;
  for (const auto& p : d.parameters) {
    py::dict q;
    q["name"] = p.name;
    q["default"] = p.optional && p.value == infinity ? py::none() : py::object(py::float_(p.value));
    q["domain"] = bounds_of(p.domain).name;
    q["optional"] = p.optional;
    parameters.append(q);
  }
  r["parameters"] = py::tuple(parameters);
  r["ascending"] = d.ascending;
  r["definition"] = d.definition;
  r["source"] = d.source;
  r["limits"] = py::make_tuple(d.limits[0], d.limits[1]);
  r["slopes"] = py::make_tuple(d.slopes[0], d.slopes[1]);
  r["value_at_zero"] = d.at_zero;
  r["smoothness"] = d.smoothness;
  r["kinks"] = as_tuple(d.kinks);
  r["right_kinks"] = as_tuple(d.right_kinks);
  r["inplace"] = d.inplace;
  r["two_terms"] = e.two_terms;
  if (d.selector.choices.size) {
    py::dict choices;
    for (const auto& c : d.selector.choices) choices[py::str(std::string(c.value))] = c.activation;
    r["selector"] = py::make_tuple(d.selector.keyword, choices);
  } else {
    r["selector"] = py::none();
  }
  return r;
}

py::list registry() {
  py::list l;
  for (const auto& e : entries()) l.append(as_dict(e));
  return l;
}

at::Tensor composite_of(const std::string& name, int order, const std::vector<at::Tensor>& inputs,
                        const std::vector<std::optional<double>>& parameters) {
  TORCH_CHECK_VALUE(order >= 0 && order < orders, "composite: order must be 0, 1 or 2, got ", order);
  TORCH_CHECK_VALUE(static_cast<int>(inputs.size()) == order + 1, "composite: order ", order, " takes ", order + 1,
                    " tensors, got ", inputs.size());
  for (const auto& e : entries()) {
    if (e.name != name) continue;
    TORCH_CHECK_VALUE(static_cast<int>(parameters.size()) <= e.descriptor->parameters.size, "composite: ", name,
                      " takes at most ", e.descriptor->parameters.size, " parameters, got ", parameters.size());
    Parameters p{};
    int i = 0;
    for (const auto& q : e.descriptor->parameters) {
      p[i] = i < static_cast<int>(parameters.size()) ? to_raw(parameters[i]) : q.value;
      ++i;
    }
    py::gil_scoped_release no_gil;
    return composite(e, static_cast<Order>(order), inputs, p);
  }
  TORCH_CHECK_VALUE(false, "composite: no activation is named ", name);
}

std::vector<at::Tensor> learned_composite_of(const std::string& name, const std::optional<at::Tensor>& grad,
                                             const std::vector<std::optional<at::Tensor>>& inputs, int64_t dim,
                                             const std::optional<std::string>& layout,
                                             const std::vector<bool>& needed) {
  for (const auto& e : entries()) {
    if (e.name != name) continue;
    LearnedCall call;
    call.integers[0] = e.index;
    call.integers[1] = dim;
    if (layout) call.integers[2] = static_cast<int64_t>(layout_of(name, *layout));
    TORCH_CHECK_VALUE(static_cast<int>(inputs.size()) == call.inputs(), "learned_composite: ", name, " takes ",
                      call.inputs(), " tensors, got ", inputs.size());
    TORCH_CHECK_VALUE(needed.empty() || needed.size() == inputs.size(), "learned_composite: expected needed to have ",
                      inputs.size(), " elements, got ", needed.size());
    std::vector<at::Tensor> in;
    for (const auto& t : inputs) in.push_back(t.value_or(at::Tensor()));
    LearnedCall::Needed n{};
    std::copy(needed.begin(), needed.end(), n.begin());
    py::gil_scoped_release no_gil;
    return learned_composite(call, grad.value_or(at::Tensor()), in, n);
  }
  TORCH_CHECK_VALUE(false, "learned_composite: no activation is named ", name);
}

// The value, or where there is a gradient all that it gives.
std::vector<at::Tensor> rational_composite_of(const std::optional<at::Tensor>& grad, const rational::Given& inputs,
                                              const rational::Needed& needed) {
  py::gil_scoped_release no_gil;
  if (!grad) return {rational::value_composite(inputs)};
  return rational::gradients_composite(*grad, inputs, needed);
}

py::tuple isas_built() {
  py::list l;
  for (const auto i : cpu::built()) l.append(cpu::isa_names[static_cast<int>(i)]);
  return l;
}

}  // namespace

PYBIND11_MODULE(_C, m) {
  m.def("registry", &registry);
  m.def("composite", &composite_of, py::arg("name"), py::arg("order"), py::arg("inputs"),
        py::arg("parameters") = std::vector<std::optional<double>>());
  m.def("learned_composite", &learned_composite_of, py::arg("name"), py::arg("grad"), py::arg("inputs"), py::arg("dim"),
        py::arg("layout"), py::arg("needed"));
  m.def("rational_composite", &rational_composite_of, py::arg("grad"), py::arg("inputs"), py::arg("needed"));
  m.def("cpu_capability", [] { return cpu::isa_names[static_cast<int>(cpu::active())]; });
  m.def("built_isas", &isas_built);
  add_fast_entries(m.ptr());
}

}  // namespace smoothact
