# SPDX-License-Identifier: Apache-2.0
"""Expectations under the standard normal distribution, which is what an initialised layer feeds its activation."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ._catalogue import Descriptor, catalogue
from .nn import get

Function = Callable[[Tensor], Tensor]

EXACT: dict[str, Any] = {"dtype": torch.float64, "device": "cpu"}
NODES = 24
REACH = 14.0  # the density there is 1e-43
TOLERANCE = 1e-14
NARROWEST = 2.0**-60


@contextlib.contextmanager
def neutral() -> Iterator[None]:
    """Whatever gradient mode the caller has chosen."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def bound(name: str, parameters: dict[str, Any]) -> tuple[Descriptor, Function, dict[str, Any]]:
    """The descriptor of a name, the function at these parameters, and those of them that are not the defaults.

    Raises:
        ValueError: no activation has the name, or a parameter is outside its domain.
        TypeError: the activation has no such parameter, or it is of another type.
    """
    resolved = catalogue.resolve(name)
    descriptor, parameters = resolved.descriptor, {**resolved.parameters, **parameters}
    keyword, choices = descriptor.selector or ("", {})
    known = [p.name for p in descriptor.parameters] + [keyword] * bool(keyword)
    if strange := [key for key in parameters if key not in known]:
        has = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
        raise TypeError(f"{descriptor.name} does not take {', '.join(map(repr, strange))}: {has}")
    module = get(name, **parameters)
    if keyword:
        descriptor = catalogue[choices[getattr(module, keyword)]]
    set_ = {p.name: getattr(module, p.name, p.default) for p in descriptor.parameters}
    return (
        descriptor,
        module.forward,
        {p.name: set_[p.name] for p in descriptor.parameters if set_[p.name] != p.default},
    )


@functools.cache
def _legendre() -> tuple[Tensor, Tensor]:
    """Nodes and weights of Gauss and Legendre on [-1, 1], from the eigenvalues of the recurrence (Golub & Welsch)."""
    k = torch.arange(1, NODES, **EXACT)
    beside = k / (4 * k * k - 1).sqrt()
    nodes, vectors = torch.linalg.eigh(torch.diag(beside, 1) + torch.diag(beside, -1))
    return nodes, 2 * vectors[0] ** 2


def expectation(integrand: Function) -> Tensor:
    """E[g(Z)] of an integrand that maps n points to m rows of n values, as m numbers.

    A panel is halved until that changes nothing any more: kinks and sharp bends are cornered wherever they are.
    """
    nodes, weights = _legendre()

    def panels(left: Tensor, width: float) -> Tensor:
        z = (left[:, None] + width / 2 * (1 + nodes)).flatten()
        density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return (integrand(z) * density).unflatten(-1, (len(left), NODES)) @ weights * (width / 2)

    width = 0.5
    left = torch.arange(-REACH, REACH, width, **EXACT)
    whole = panels(left, width)
    allowed = TOLERANCE * whole.abs().sum(1, keepdim=True)
    total = torch.zeros(len(whole), **EXACT)
    while len(left):
        width /= 2
        first, second = panels(left, width), panels(left + width, width)
        better = first + second
        open_ = ((better - whole).abs() > allowed).any(0) & (width > NARROWEST)
        total += better[:, ~open_].sum(1)
        left = torch.cat([left[open_], left[open_] + width])
        whole = torch.cat([first[:, open_], second[:, open_]], 1)
    return total
