// SPDX-License-Identifier: Apache-2.0
#include "fast.h"

#include <ATen/PythonTorchFunctionTLS.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/utils/pybind.h>

#include "../ops/op.h"

namespace smoothact {
namespace {

const Op& op_behind(PyObject* capsule) {
  return *static_cast<const Op*>(PyCapsule_GetPointer(capsule, nullptr));
}

PyObject* call_torch_ops(const Op& op, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  const auto function = py::module_::import("torch").attr("ops").attr("smoothact").attr(op.entry.name.c_str());
  return PyObject_Vectorcall(function.ptr(), args, count, keywords);
}

bool read(PyObject* value, bool optional, double& out) {
  if (optional && value == Py_None) {
    out = infinity;
    return true;
  }
  if (PyFloat_CheckExact(value)) {
    out = PyFloat_AS_DOUBLE(value);
    return true;
  }
  if (PyLong_CheckExact(value)) {
    out = PyLong_AsDouble(value);
    if (out != -1.0 || !PyErr_Occurred()) return true;
    PyErr_Clear();
  }
  return false;
}

PyObject* fast_call(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  HANDLE_TH_ERRORS
  const Op& op = op_behind(self);
  const auto& parameters = op.entry.descriptor->parameters;
  if (count < 1 || count > 1 + parameters.size || keywords || !THPVariable_CheckExact(args[0]) ||
      at::impl::torch_function_mode_enabled()) {
    return call_torch_ops(op, args, count, keywords);
  }
  Parameters p{};
  for (int i = 0; i < parameters.size; ++i) {
    const auto& q = parameters.items[i];
    if (i + 1 >= count) p[i] = q.value;
    else if (!read(args[i + 1], q.optional, p[i])) return call_torch_ops(op, args, count, keywords);
  }
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
    py::object capsule = py::reinterpret_steal<py::object>(
        PyCapsule_New(const_cast<Op*>(&op_of(e.index)), nullptr, nullptr));
    py::object function = py::reinterpret_steal<py::object>(PyCFunction_New(&methods[e.index], capsule.ptr()));
    py::handle(module).attr(("fast_" + e.name).c_str()) = function;
  }
}

}  // namespace smoothact
