# SPDX-License-Identifier: Apache-2.0
"""oneDNN's element-wise primitives through its C interface, versions 2 and 3: the strongest peer on a CPU."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_float, c_int, c_int64, c_void_p
from typing import Any, ClassVar

import torch
from torch import Tensor

import smoothact
from smoothact.bench.timing import MMAPPED

# Algorithm in oneDNN 2, in oneDNN 3, alpha.
ALGORITHMS = {
    "relu": (0x1F, 0x20, 0.0),
    "sigmoid": (0xAF, 0x29, 0.0),
    "tanh": (0x2F, 0x21, 0.0),
    "softplus": (0x9F, 0x27, 1.0),
    "silu": (0xDF, 0x2C, 1.0),
    "swish": (0xDF, 0x2C, 1.0),
    "mish": (0x60, 0x33, 0.0),
    "gelu": (0x30, 0x31, 0.0),
    "gelu_tanh": (0xCF, 0x2B, 0.0),
    "quick_gelu": (0xDF, 0x2C, 1.702),
    "elu": (0x3F, 0x22, 1.0),
}
DTYPES = {torch.float16: 1, torch.bfloat16: 2, torch.float32: 3}
FORWARD = {False: 96, True: 64}  # inference, training
SRC, DST, DIFF_SRC, DIFF_DST = 1, 17, 129, 145
CPU, IN_ORDER, FLAT = 1, 1, 2  # engine kind, stream flag, format tag of one dimension
MAX_ISA = {"DEFAULT": 0x1, "AVX2": 0x7}  # SSE4.1; AVX-512 is its own choice


class Argument(Structure):
    _fields_ = (("index", c_int), ("memory", c_void_p))


class Version(Structure):
    _fields_ = (("major", c_int), ("minor", c_int), ("patch", c_int))


class Unsupported(Exception):
    """The library has no such primitive."""


class OneDNN:
    """An engine and a stream of the library. What is made on them lives as long as the process."""

    _limited: ClassVar[set[str]] = set()

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.dnnl_version.restype = POINTER(Version)
        version = self.library.dnnl_version().contents
        if version.major not in (2, 3):
            raise OSError(f"oneDNN {version.major} is not known")
        self.major = version.major
        self.version = f"{version.major}.{version.minor}.{version.patch}"
        isa = MAX_ISA.get(smoothact._C.cpu_capability())  # one instruction set for every contestant
        if isa and path not in OneDNN._limited:  # it is refused once anything was made
            self._do("set_max_cpu_isa", c_int(isa))
            OneDNN._limited.add(path)
        self.engine = self._make("engine_create", c_int(CPU), ctypes.c_size_t(0))
        self.stream = self._make("stream_create", self.engine, ctypes.c_uint(IN_ORDER))

    @classmethod
    def find(cls, path: str | None = None) -> OneDNN | None:
        """The library of this path, or the one that the linker knows; None where there is none.

        Raises:
            OSError: the path is that of no such library.
        """
        found = path or ctypes.util.find_library("dnnl")
        return cls(found) if found else None

    def _do(self, name: str, *arguments: Any) -> None:
        if status := getattr(self.library, f"dnnl_{name}")(*arguments):
            raise Unsupported(f"{name}: status {status}")

    def _make(self, name: str, *arguments: Any) -> c_void_p:
        made = c_void_p()
        self._do(name, byref(made), *arguments)
        return made

    def _descriptor(self, x: Tensor) -> Any:
        """Of dense memory: what an element is does not depend on its place."""
        shape, kind = (c_int64 * 12)(x.numel()), c_int(DTYPES[x.dtype])
        if self.major == 3:
            return self._make("memory_desc_create_with_tag", c_int(1), shape, kind, c_int(FLAT))
        memory = ctypes.create_string_buffer(4096)  # a struct of the caller's in oneDNN 2, of fewer bytes
        self._do("memory_desc_init_by_tag", memory, c_int(1), shape, kind, c_int(FLAT))
        return memory

    def _primitives(self, op: str, memory: Any, backward: bool) -> tuple[c_void_p, c_void_p | None]:
        *algorithms, alpha = ALGORITHMS[op]
        kind, parameters = c_int(algorithms[self.major - 2]), (c_float(alpha), c_float(0))
        direction = c_int(FORWARD[backward])
        if self.major == 3:
            create = "eltwise_forward_primitive_desc_create"
            forward = self._make(create, self.engine, direction, kind, memory, memory, *parameters, None)
        else:
            struct = ctypes.create_string_buffer(8192)
            self._do("eltwise_forward_desc_init", struct, direction, kind, memory, *parameters)
            forward = self._make("primitive_desc_create", struct, None, self.engine, None)
        if not backward:
            return self._make("primitive_create", forward), None
        if self.major == 3:
            create = "eltwise_backward_primitive_desc_create"
            back = self._make(create, self.engine, kind, memory, memory, memory, *parameters, forward, None)
        else:
            self._do("eltwise_backward_desc_init", struct, kind, memory, memory, *parameters)
            back = self._make("primitive_desc_create", struct, None, self.engine, forward)
        return self._make("primitive_create", forward), self._make("primitive_create", back)

    def _execution(self, primitive: c_void_p, memory: Any, tensors: dict[int, Tensor], out: int) -> Callable[[], Any]:
        handles = {
            index: self._make("memory_create", memory, self.engine, c_void_p(tensor.data_ptr()))
            for index, tensor in tensors.items()
        }
        arguments = (Argument * len(handles))(*(Argument(i, handle.value) for i, handle in handles.items()))
        execute, move = self.library.dnnl_primitive_execute, self.library.dnnl_memory_set_data_handle
        count, y, target = c_int(len(handles)), tensors[out], handles[out]
        inputs = tuple(tensors.values())  # their memory is in use

        def call() -> Tensor:
            execute(primitive, self.stream, count, arguments)
            return y

        def call_on_fresh_pages() -> Tensor:
            y = torch.empty_like(inputs[0])
            move(target, c_void_p(y.data_ptr()))
            execute(primitive, self.stream, count, arguments)
            return y

        # The others allocate for every call. Where that is cheap it is left out here, to oneDNN's advantage; where
        # it costs more than the arithmetic, the comparison would be one of allocations.
        return call_on_fresh_pages if y.nbytes >= MMAPPED else call

    def call(self, op: str, measure: str, x: Tensor, grad: Tensor | None = None) -> Callable[[], Any] | None:
        """Forward, backward, or both, on preallocated outputs; None where oneDNN has it not."""
        dense = x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)
        if op not in ALGORITHMS or x.dtype not in DTYPES or not dense or x.device.type != "cpu":
            return None
        try:
            memory = self._descriptor(x)
            forward, backward = self._primitives(op, memory, backward=measure != "forward")
            run = self._execution(forward, memory, {SRC: x, DST: torch.empty_like(x)}, DST)
            if measure == "forward":
                return run
            tensors = {SRC: x, DIFF_DST: grad, DIFF_SRC: torch.empty_like(x)}
            back = self._execution(backward, memory, tensors, DIFF_SRC)
        except Unsupported:
            return None
        return back if measure == "backward" else lambda: (run(), back())
