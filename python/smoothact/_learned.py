# SPDX-License-Identifier: Apache-2.0
"""Calls of activations with tensors for parameters, and what ``torch.compile`` makes of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch._C import DispatchKey

from . import _C
from ._catalogue import catalogue


def call(name: str, dim: int, input: Tensor, *parameters: float | Tensor | None) -> Tensor:
    """The activation of `input`; parameters that are numbers stay as they are, others have gradients."""
    described = catalogue[name].parameters
    given = [*parameters, *(p.default for p in described[len(parameters) :])]
    numbers = {"dtype": torch.float64, "device": input.device}
    tensors = [p if p is None or isinstance(p, Tensor) else torch.full((), p, **numbers) for p in given]
    return getattr(torch.ops.smoothact, name).Tensor(input, *tensors, dim=dim)


def _register_decompositions() -> None:
    for descriptor in catalogue.values():
        if descriptor.parameters:
            packets = [getattr(torch.ops.smoothact, descriptor.name + suffix) for suffix in ("", "_backward")]
            made = _decompositions(descriptor.name, 1 + len(descriptor.parameters))
            for packet, decomposition in zip(packets, made, strict=True):
                packet.Tensor.py_impl(DispatchKey.CompositeImplicitAutograd)(decomposition)


def _decompositions(name: str, count: int):
    def composite(grad, inputs, dim, needed):
        absent = [None] * (count - len(inputs))
        return _C.learned_composite(name, grad, [*inputs, *absent], dim, needed)

    def forward(*inputs, dim=1):
        return composite(None, inputs, dim, [])[0]

    def backward(grad, *inputs, dim=1, needed):
        return tuple(grad.new_empty(0) if r is None else r for r in composite(grad, inputs, dim, list(needed)))

    return forward, backward


_register_decompositions()
