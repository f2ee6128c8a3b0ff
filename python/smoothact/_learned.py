# SPDX-License-Identifier: Apache-2.0
"""Calls of activations with tensors for parameters, or a bias, and what ``torch.compile`` makes of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch._C import DispatchKey

from . import _C
from ._arguments import check_bias, widened
from ._catalogue import Parameter, catalogue


def call(
    name: str,
    dim: int,
    input: Tensor,
    *parameters: float | Tensor | None,
    bias: Tensor | None = None,
    up: Tensor | None = None,
    layout: str | None = None,
) -> Tensor:
    """The activation of `input + bias`, times `up`; given a layout, `input` holds both. Numbers have no gradients."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if bias is not None:
        check_bias(name, "bias", bias)
    described = catalogue[name].parameters
    given = [*parameters, *(p.default for p in described[len(parameters) :])]
    for p, v in zip(described, given, strict=True):
        if not isinstance(v, Tensor):
            check_number(name, p, v)
    numbers = {"dtype": torch.float64, "device": input.device}
    tensors = [p if p is None or isinstance(p, Tensor) else torch.full((), p, **numbers) for p in given]
    return getattr(torch.ops.smoothact, name).Tensor(input, *tensors, bias, up, dim=dim, layout=layout)


def plus_bias(op: str, which: str, input: Tensor, bias: Tensor, dim: int) -> Tensor:
    """The sum as a compiler may see it, in the type that is computed in."""
    check_bias(op, which, bias, input.shape, dim)
    x = widened(input)
    shape = () if bias.numel() == 1 else (-1, *[1] * (input.dim() - 1 - dim % input.dim()))
    return x + bias.to(x.dtype).reshape(shape)


# In the words of csrc/ops/entry.cpp, which checks where all parameters are numbers.
DOMAINS = {
    "real": ("finite", lambda v: True),
    "nonnegative": ("non-negative and finite", lambda v: v >= 0),
    "positive": ("positive and finite", lambda v: v > 0),
    "from 1 to 16": ("from 1 to 16", lambda v: 1 <= v <= 16),
}


def fixed(value: Any) -> Any:
    """A number as it is, where Dynamo takes it for a variable."""
    if torch.compiler.is_dynamo_compiling() and isinstance(value, (int, float)):
        return torch.fx.experimental.symbolic_shapes.guard_scalar(value)
    return value


def check_number(name: str, parameter: Parameter, value: float | None) -> None:
    if value is None:
        if not parameter.optional:
            raise TypeError(f"{name}(): argument '{parameter.name}' must be float or Tensor, not NoneType")
        return
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{name}(): argument '{parameter.name}' must be float or Tensor, not {type(value).__name__}")
    words, holds = DOMAINS[parameter.domain]
    if not (math.isfinite(value) and holds(value)):
        raise ValueError(f"smoothact::{name}: {parameter.name} must be {words}, got {value}")


def _register_decompositions() -> None:
    for descriptor in catalogue.values():
        packets = [getattr(torch.ops.smoothact, descriptor.name + suffix) for suffix in ("", "_backward")]
        made = _decompositions(descriptor.name, 1 + len(descriptor.parameters) + 2)
        for packet, decomposition in zip(packets, made, strict=True):
            packet.Tensor.py_impl(DispatchKey.CompositeImplicitAutograd)(decomposition)


def _decompositions(name: str, count: int):
    def composite(grad, inputs, dim, layout, needed):
        absent = [None] * (count - len(inputs))
        return _C.learned_composite(name, grad, [*inputs, *absent], dim, layout, needed)

    def forward(*inputs, dim=1, layout=None):
        return composite(None, inputs, dim, layout, [])[0]

    def backward(grad, *rest, dim=1, layout=None):
        *inputs, needed = rest
        gradients = composite(grad, inputs, dim, layout, list(needed))
        return tuple(grad.new_empty(0) if g is None else g for g in gradients)

    return forward, backward


_register_decompositions()
