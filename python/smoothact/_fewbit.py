# SPDX-License-Identifier: Apache-2.0
"""Calls of activations that save a few bits for each element instead of their input."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from . import _learned
from ._catalogue import catalogue
from .fewbit import check_bits, constants


def call(name: str, input: Tensor, parameters: tuple[Any, ...], bias: Tensor | None, dim: int, bits: int) -> Tensor:
    """The activation of ``input + bias``, differentiable once by both."""
    bits = check_bits(name, bits)
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    values = _numbers(name, parameters)
    boundaries, levels = constants(name, values, bits)
    x = input if bias is None else _learned.plus_bias(name, "bias", input, bias, dim)
    order = _memory_order(x)
    if order:
        x = x.permute(order)
    y = torch.ops.smoothact.fewbit.default(x, name, list(values), boundaries, levels)
    if order:
        y = y.permute([order.index(d) for d in range(len(order))])
    return y if bias is None else y.to(input.dtype)


def _numbers(name: str, parameters: tuple[Any, ...]) -> tuple[float, ...]:
    described = catalogue[name].parameters
    values = []
    for p, v in zip(described, [*parameters, *(p.default for p in described[len(parameters) :])], strict=True):
        if isinstance(v, Tensor):
            raise TypeError(f"{name}(): fewbit takes numbers for parameters, got a Tensor for {p.name}")
        v = _learned.fixed(v)  # the table is of this very number
        _learned.check_number(name, p, v)
        values.append(math.inf if v is None else float(v))
    return tuple(values)


def _memory_order(x: Tensor) -> list[int]:
    """The dims as they lie in memory, where codes in another order would take a copy; else none."""
    if x.is_contiguous():
        return []
    order = sorted(range(x.dim()), key=lambda d: -x.stride(d))
    return order if x.permute(order).is_contiguous() else []
