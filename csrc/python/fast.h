// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Python.h>

namespace smoothact {

// Adds `fast_<name>(x, *parameters)` for every op: a call that costs no more than torch's own.
// What it does not handle (keywords, subclasses, torch-function modes, proxies) goes to torch.ops.smoothact.<name>.
void add_fast_entries(PyObject* module);

}  // namespace smoothact
