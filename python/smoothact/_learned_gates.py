# SPDX-License-Identifier: Apache-2.0
"""Gates whose activation has tensors for parameters, by its own op.

16-bit types are rounded once, at the end.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from . import _learned
from ._arguments import check_bias, widened
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
    gate_bias, up_bias = biases
    by_channel = any(isinstance(v, Tensor) and v.dim() == 1 and len(v) != 1 for v in values)
    rank = input.dim()
    # The op tells of a dim that there is not.
    one_dim = not by_channel or (-rank <= channels < rank and (dim - channels) % rank == 0)
    if one_dim:
        channels = dim
    if gate_bias is not None:
        half = list(input.shape)
        if up is None:
            half[dim] //= 2
        check_bias("gated", "gate_bias", gate_bias, half, dim)
    if up is None and up_bias is None and one_dim:
        return _learned.call(name, dim, input, *values, bias=gate_bias, layout=layout)
    gate, up = (input, up) if up is not None else _halves(input, layout, dim)
    # The op knows the gate's bias, along the dim of the parameters.
    if up_bias is not None or (gate_bias is not None and not one_dim):
        named = {"gate_bias": (gate, gate_bias), "up_bias": (up, up_bias)}
        gate, up = (_plus(which, t, bias, dim) for which, (t, bias) in named.items())
        gate_bias = None
    if gate.shape == up.shape:
        return _learned.call(name, channels, gate, *values, bias=gate_bias, up=up).to(input.dtype)
    return (_learned.call(name, channels, widened(gate), *values, bias=gate_bias) * up).to(input.dtype)


def _plus(which: str, t: Tensor, bias: Tensor | None, dim: int) -> Tensor:
    return widened(t) if bias is None else _learned.plus_bias("gated", which, t, bias, dim)


def _halves(input: Tensor, layout: str, dim: int) -> tuple[Tensor, Tensor]:
    if layout == "interleaved":
        pairs = input.unflatten(dim, (-1, 2))
        return pairs.unbind(dim + 1 if dim >= 0 else dim)
    first, second = input.chunk(2, dim)
    return (first, second) if layout == "gate_first" else (second, first)


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
