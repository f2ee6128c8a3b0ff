# SPDX-License-Identifier: Apache-2.0
"""What ``torch.compile`` makes of an activation: our kernel, or a formula that it fuses with its neighbours.

The choice is made while a function is traced and shows in the graph as the op's overload, so a compiled function is
guarded on it and no cache can serve the other one.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType

import torch
from torch._C import DispatchKey

from . import _C
from ._catalogue import catalogue

MODES = ("auto", "fuse", "kernel")

mode = "auto"
# Measured by benchmarks/compiling.py: what was faster, per device and op.
measured: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "compile_policy.json").read_text())
fallback = {"cpu": "kernel"}


class compiling:  # used as a function and as a context manager, as torch.set_grad_enabled is
    """Chooses what ``torch.compile`` does with smoothact's functions and modules from now on, or within ``with``.

    Args:
        mode: ``"fuse"`` gives Inductor the formula, to be fused with its neighbours; ``"kernel"`` keeps our kernel;
            ``"auto"``, the default, takes what measured faster on the device of the input. A formula in wide numbers
            (``descriptor.two_terms``) stays a kernel in any mode: it would take minutes to compile.

    Functions already compiled are compiled again when the mode they were traced under no longer holds.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"compiling: mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
        self.previous = _set(mode)

    def __enter__(self) -> compiling:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _set(self.previous)


def _set(new: str) -> str:
    global mode
    previous, mode = mode, new
    return previous


def fuses(name: str, device: str) -> bool:
    """Whether the compiler is to take this op apart; an exported program keeps the op."""
    # The flag, since Dynamo of torch 2.11 takes is_exporting() for true in every graph.
    if torch.compiler._is_exporting_flag:
        return False
    if mode != "auto":
        return mode == "fuse"
    return measured.get(device, {}).get(name, fallback.get(device, "fuse")) == "fuse"


def _register_decompositions() -> None:
    # A decomposition registered as the op's composite kernel is applied before Inductor's lowering, on both passes.
    for descriptor in catalogue.values():
        for order, suffix in enumerate(("", "_backward", "_double_backward")):
            packet = getattr(torch.ops.smoothact, descriptor.name + suffix)
            taken_apart = packet.default if descriptor.two_terms else _decomposition(descriptor.name, order)
            packet.fuse.py_impl(DispatchKey.CompositeImplicitAutograd)(taken_apart)


def _decomposition(name: str, order: int):
    def decompose(*args, **keywords):
        parameters = [*args[order + 1 :], *keywords.values()]
        return _C.composite(name, order, list(args[: order + 1]), parameters)

    return decompose


_register_decompositions()
