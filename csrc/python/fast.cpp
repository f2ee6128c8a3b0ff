// SPDX-License-Identifier: Apache-2.0
#include "fast.h"

#include <ATen/PythonTorchFunctionTLS.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/utils/pybind.h>
#include <torch/csrc/utils/python_symnode.h>

#include "../ops/op.h"

namespace smoothact {
namespace {

const Op& op_behind(PyObject* capsule) { return *static_cast<const Op*>(PyCapsule_GetPointer(capsule, nullptr)); }

PyObject* call_torch_ops(const Op& op, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  const auto function = py::module_::import("torch").attr("ops").attr("smoothact").attr(op.entry.name.c_str());
  return PyObject_Vectorcall(function.ptr(), args, count, keywords);
}

// What torch.ops knows to dispatch on.
bool is_overridden(PyObject* value) {
  return THPVariable_Check(value) || at::impl::torch_function_mode_enabled() ||
         PyObject_HasAttrString(value, "__torch_function__");
}
bool is_symbolic(PyObject* value) { return torch::is_symfloat(value) || torch::is_symint(value); }

PyObject* reject(const Op& op, const char* argument, int position, const char* expected, PyObject* value) {
  return PyErr_Format(PyExc_TypeError, "%s(): argument '%s' (position %d) must be %s, not %s", op.entry.name.c_str(),
                      argument, position, expected, Py_TYPE(value)->tp_name);
}

bool read(PyObject* value, bool optional, double& out) {
  if (optional && value == Py_None) {
    out = infinity;
    return true;
  }
  if (PyFloat_Check(value)) {
    out = PyFloat_AS_DOUBLE(value);
    return true;
  }
  const auto* number = Py_TYPE(value)->tp_as_number;  // integers, numpy's scalars
  if (!number || !(number->nb_float || number->nb_index) || THPVariable_Check(value) || is_symbolic(value))
    return false;
  out = PyFloat_AsDouble(value);
  if (out != -1.0 || !PyErr_Occurred()) return true;
  PyErr_Clear();
  return false;
}

// Parameters that are tensors, along `dim` of the input.
PyObject* call_learned(const Op& op, PyObject* dim, PyObject* const* args, Py_ssize_t count) {
  py::tuple rest(count);
  for (Py_ssize_t i = 0; i < count; ++i) rest[i] = py::reinterpret_borrow<py::object>(args[i]);
  const auto call = py::module_::import("smoothact._learned").attr("call");
  return call(op.entry.name, py::handle(dim), *rest).release().ptr();
}

// Takes the input, its parameters, and after all of them the dim of those that are tensors.
PyObject* fast_call(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  HANDLE_TH_ERRORS
  const Op& op = op_behind(self);
  const auto& parameters = op.entry.descriptor->parameters;
  PyObject* const dim = parameters.size && count == 2 + parameters.size ? args[--count] : nullptr;
  if (count < 1 || count > 1 + parameters.size || keywords) return call_torch_ops(op, args, count, keywords);
  if (!THPVariable_Check(args[0]) && !is_overridden(args[0])) return reject(op, "input", 1, "Tensor", args[0]);
  Parameters p{};
  bool plain = THPVariable_CheckExact(args[0]) && !at::impl::torch_function_mode_enabled();
  for (int i = 0; i < parameters.size; ++i) {
    const auto& q = parameters.items[i];
    if (i + 1 >= count) {
      p[i] = q.value;
    } else if (!read(args[i + 1], q.optional, p[i])) {
      // torch.ops would take a tensor's value and lose its gradient.
      if (dim && THPVariable_Check(args[i + 1])) return call_learned(op, dim, args, count);
      if (THPVariable_Check(args[i + 1]) || (!is_overridden(args[i + 1]) && !is_symbolic(args[i + 1]))) {
        return reject(op, std::string(q.name).c_str(), i + 2, q.optional ? "float or None" : "float", args[i + 1]);
      }
      plain = false;
    }
  }
  if (!plain) return call_torch_ops(op, args, count, keywords);
  const at::Tensor& x = THPVariable_Unpack(args[0]);
  at::Tensor out;
  {
    py::gil_scoped_release no_gil;
    out = op.call(Order::forward, x, p);
  }
  return THPVariable_Wrap(std::move(out));
  END_HANDLE_TH_ERRORS
}

}  // namespace

void add_fast_entries(PyObject* module) {
  static std::vector<PyMethodDef> methods = [] {
    std::vector<PyMethodDef> m;
    for (const auto& e : entries()) {
      m.push_back({e.name.c_str(), reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(fast_call)),
                   METH_FASTCALL | METH_KEYWORDS, nullptr});
    }
    return m;
  }();
  for (const auto& e : entries()) {
    py::object capsule =
        py::reinterpret_steal<py::object>(PyCapsule_New(const_cast<Op*>(&op_of(e.index)), nullptr, nullptr));
    py::object function = py::reinterpret_steal<py::object>(PyCFunction_New(&methods[e.index], capsule.ptr()));
    py::handle(module).attr(("fast_" + e.name).c_str()) = function;
  }
}

}  // namespace smoothact
