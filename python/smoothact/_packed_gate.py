# SPDX-License-Identifier: Apache-2.0
"""A gate that a model computes by a method of its own, ``_apply_gate`` of Transformers' experts, as one fused op.

It is told by what it computes: the method and what its module's attributes suggest are compared in double, values and
gradients, within the limits and beyond them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from . import _gates
from ._recognise import recognise

METHOD = "_apply_gate"


@dataclass(frozen=True)
class PackedGate:
    """f(min(gate, limit)) · (clamp(up, -limit, limit) + offset) of the last dimension's halves."""

    activation: str
    parameters: tuple[tuple[str, float], ...]
    layout: str
    limit: float | None
    offset: float

    def __call__(self, gate_up: Tensor) -> Tensor:
        return _gates._gate(
            METHOD,
            self.activation,
            gate_up,
            None,
            self.layout,
            -1,
            self.layout,
            dict(self.parameters),
            limit=self.limit,
            offset=self.offset,
        )

    def __repr__(self) -> str:
        f = ", ".join([self.activation, *(f"{n}={v:g}" for n, v in self.parameters), self.layout])
        clamped = "" if self.limit is None else f", limit={self.limit:g}"
        return f"gated({f}{clamped}, offset={self.offset:g})"


def packed_gate(owner: nn.Module) -> PackedGate | None:
    """What the module's own gate is, if one op computes it; None where there is none or it is something else."""
    method = getattr(type(owner), METHOD, None)
    if method is None or METHOD in owner.__dict__:
        return None
    numbers = {n: float(v) for n, v in vars(owner).items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    limits = {v for n, v in numbers.items() if "limit" in n and v > 0}
    probe = _probe(max(limits, default=7.0))
    try:
        expected = _with_gradient(lambda t: method(owner, t), probe)
    except Exception:  # a model's own code may want anything else than one tensor
        return None
    for candidate in _candidates(owner, numbers, limits):
        if all(
            a.shape == b.shape and torch.allclose(a, b, rtol=1e-9, atol=1e-12)
            for a, b in zip(_with_gradient(candidate, probe), expected, strict=True)
        ):
            return candidate
    return None


def _candidates(owner: nn.Module, numbers: dict[str, float], limits: set[float]) -> Iterator[PackedGate]:
    values = [v for n, v in (*owner._modules.items(), *vars(owner).items()) if v is not None and n != "training"]
    attributes = [found for v in values if (found := recognise(v))]
    activations = {(f.descriptor.name, tuple(f.parameters.items())) for f in attributes}
    activations |= {("silu", ())} | {("swish", (("beta", v),)) for n, v in numbers.items() if "alpha" in n and v > 0}
    clamped = itertools.product(sorted(activations), _gates.LAYOUTS, sorted(limits), (0.0, 1.0))
    # One that clamps nothing is the activation's own: it waits for its product.
    return (PackedGate(*f, layout, limit, offset) for f, layout, limit, offset in clamped)


def _probe(limit: float) -> Tensor:
    spread = torch.linspace(-3 * limit, 3 * limit, 61, dtype=torch.float64)
    return torch.stack([spread, spread.roll(17), spread.roll(29), spread.roll(41)], -1)


def _with_gradient(function: Any, probe: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        x = probe.clone().requires_grad_()
        y = function(x)
        weights = torch.linspace(0.5, 2, y.numel(), dtype=y.dtype).view_as(y)
        return y.detach(), torch.autograd.grad(y, x, weights)[0]
