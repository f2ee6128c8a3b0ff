# SPDX-License-Identifier: Apache-2.0
"""Two ways to compute the same beside each other: bytes saved for backward, kernels, and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from .bench.timing import minima, saved_bytes

SECONDS, ROUNDS = 0.3, 30


class Like(NamedTuple):
    """What is known of a tensor without its values."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, t: Tensor) -> Like:
        return cls(tuple(t.shape), tuple(t.stride()), t.dtype, t.device)

    def random(self) -> Tensor:
        t = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)
        return t.normal_().requires_grad_()


class Comparison(NamedTuple):
    """Of one call, forwards and backwards, before and after."""

    saved: tuple[int, int]
    kernels: tuple[int, int]
    seconds: tuple[float, float]


def compare(before: Callable[..., Tensor], after: Callable[..., Tensor], likes: tuple[Like, ...]) -> Comparison:
    """Both on random tensors like these."""
    with torch.random.fork_rng(), torch.enable_grad():
        inputs = [like.random() for like in likes]
        grad = torch.randn_like(before(*inputs))
        steps = [_step(function, inputs, grad) for function in (before, after)]
        best = minima({"before": steps[0], "after": steps[1]}, ROUNDS, grad.device.type, SECONDS)
        saved = [saved_bytes(lambda f=f: f(*inputs)) for f in (before, after)]
        return Comparison(tuple(saved), tuple(map(_kernels, steps)), (best["before"], best["after"]))


def _step(function: Callable[..., Tensor], inputs: list[Tensor], grad: Tensor) -> Callable[[], Any]:
    return lambda: torch.autograd.grad(function(*inputs), inputs, grad)


class _Counter(TorchDispatchMode):
    """Ops that move data: neither views nor allocations."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, op: Any, types: Any, arguments: tuple = (), keywords: dict | None = None) -> Any:
        self.count += not (op.is_view or op._schema.name.startswith("aten::empty"))
        return op(*arguments, **(keywords or {}))


def _kernels(step: Callable[[], Any]) -> int:
    with _Counter() as counter:
        step()
    return counter.count
