# SPDX-License-Identifier: Apache-2.0
"""Gates whose activation has tensors for parameters: its own op, and a product.

16-bit types are rounded once, at the end.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from . import _learned
from ._catalogue import catalogue


def gate(
    name: str,
    values: list[Any],
    input: Tensor,
    up: Tensor | None,
    layout: str,
    dim: int,
    channels: int,
    biases: tuple[Tensor | None, Tensor | None],
) -> Tensor:
    """f(gate) * up of what has been checked; f's parameters that are tensors have their elements along ``channels``."""
    pair = (input, up) if up is not None else _halves(input, layout, dim)
    wide = torch.float32 if input.dtype in (torch.bfloat16, torch.float16) else input.dtype
    named = zip(("gate_bias", "up_bias"), pair, biases, strict=True)
    gate, up = (
        t.to(wide) if bias is None else _learned.plus_bias("gated", which, t, bias, dim) for which, t, bias in named
    )
    return (_learned.call(name, channels, gate, *values) * up).to(input.dtype)


def _halves(input: Tensor, layout: str, dim: int) -> tuple[Tensor, Tensor]:
    if layout == "interleaved":
        pairs = input.unflatten(dim, (-1, 2))
        return pairs.select(_after(dim), 0), pairs.select(_after(dim), 1)
    first, second = input.chunk(2, dim)
    return (first, second) if layout == "gate_first" else (second, first)


def _after(dim: int) -> int:
    return dim + 1 if dim >= 0 else dim


def split(parameters: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The parameters that are tensors, and the others."""
    tensors = {n: v for n, v in parameters.items() if isinstance(v, Tensor)}
    return tensors, {n: _learned.fixed(v) for n, v in parameters.items() if n not in tensors}


def merge(op: str, name: str, numbers: list[float], tensors: dict[str, Tensor]) -> list[Any]:
    """Every parameter of the activation, in order."""
    described = catalogue[name].parameters
    known = [p.name for p in described]
    for given in tensors:
        if given not in known:
            raise TypeError(f"{op}: {name} has no parameter {given!r} (it has {', '.join(known) or 'none'})")
    values = []
    for i, p in enumerate(described):
        value = numbers[i] if i < len(numbers) else p.default
        values.append(tensors.get(p.name, None if p.optional and value == math.inf else value))
    return values
