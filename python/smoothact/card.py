# SPDX-License-Identifier: Apache-2.0
"""The six criteria by which an activation is chosen, measured on the functions themselves.

Nonlinearity, smoothness, the linear region around 0, the active range, saturation, and cost. Everything but the cost
is computed in float64 from f, f' and f'' of :mod:`smoothact.functional`, at any parameters.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from . import _shape as shape
from ._normal import EXACT, Function, bound, expectation, neutral
from ._shape import Jump, Side
from .reference import derivatives

ANALYTIC = 99


@dataclass(frozen=True)
class Card:
    """What :func:`measure` finds. Z is standard normal."""

    name: str
    parameters: Mapping[str, Any]
    nonlinearity: float
    """The share of the variance of f(Z) that no straight line explains, from 0 of a line to 1 of an even function."""
    smoothness: int
    """f has this many continuous derivatives; 99 stands for all."""
    jumps: tuple[Jump, ...]
    value_at_zero: float
    slope_at_zero: float
    linear: tuple[float, float]
    """The interval around 0 where f stays within 5 % of its tangent there, f(0) + c·x, measured by c·x."""
    linear_share: float
    """The probability that Z is in it."""
    mean: float
    variance: float
    gain: float
    """1 / sqrt(E[f(Z)²]); see :func:`smoothact.init.gain`."""
    bounds: tuple[float, float]
    """The infimum and the supremum of f."""
    attained: tuple[bool, bool]
    minimum: tuple[float, float] | None
    """x and f(x) where f is least, if that is lower than both limits."""
    maximum: tuple[float, float] | None
    active: tuple[float, float] | None
    """From the first to the last x where f'(x) is 5 % at least in size: outside, gradients vanish."""
    left: Side
    right: Side

    def rows(self) -> list[tuple[str, str]]:
        """Criterion and finding, in words; the cost is not among them."""
        a, b = map(figure, self.linear)
        share = f"which holds {100 * self.linear_share:.3g} % of a standard normal"
        low, high = map(figure, self.bounds)
        bounds = f"{'(['[self.attained[0]]}{low}, {high}{')]'[self.attained[1]]}"
        extremes = [
            f"{word} at {figure(place[0])}"
            for word, place in (("least", self.minimum), ("most", self.maximum))
            if place
        ]
        active = f"({figure(self.active[0])}, {figure(self.active[1])})" if self.active else "none"
        return [
            ("nonlinearity", f"{self.nonlinearity:.3f}"),
            ("smoothness", self._smoothness()),
            ("linear region", f"({a}, {b}), {share}" if self.linear_share else "none"),
            ("mean and variance", f"{figure(self.mean)} and {figure(self.variance)}, from 0 and 1"),
            ("gain", f"{self.gain:.4f}" if math.isfinite(self.gain) else "none"),
            ("range", ", ".join([bounds, *extremes])),
            ("active range", active),
            ("saturation on the left", _towards(self.left)),
            ("saturation on the right", _towards(self.right)),
        ]

    def _smoothness(self) -> str:
        if not self.jumps:
            return "analytic" if self.smoothness == ANALYTIC else f"C{superscript(self.smoothness)}"
        places = [f"{ORDERS[j.order]} jumps by {figure(j.size)} at {figure(j.at)}" for j in self.jumps]
        words = f"C{superscript(self.smoothness)}" if self.smoothness >= 0 else "discontinuous"
        return f"{words}, {', '.join(places)}"


ORDERS = ("f", "f'", "f''")


def figure(value: float, digits: int = 4) -> str:
    """A few significant digits, a true minus, and ∞."""
    size = "∞" if math.isinf(value) else f"{0.0 if abs(value) < 1e-12 else abs(value):.{digits}g}"
    return ("−" if value < 0 and size != "0" else "") + size


def superscript(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _towards(side: Side) -> str:
    if side.saturation == "none":
        return f"none, slope {figure(side.slope)}"
    limit = f"limit {figure(side.limit)}" if math.isfinite(side.limit) else f"though f tends to {figure(side.limit)}"
    return f"{side.saturation}, {limit}"


@neutral()
def measure(name: str, **parameters: Any) -> Card:
    """The card of an activation, without its cost: ``measure("elu", alpha=0.5)``.

    Raises:
        ValueError: no activation has the name, or a parameter is outside its domain.
        TypeError: the activation has no such parameter.
    """
    descriptor, function, parameters = bound(name, parameters)

    def values(p: Tensor) -> Tensor:
        return torch.stack(derivatives(function, p))

    def moments(z: Tensor) -> Tensor:
        y = function(z)
        return torch.stack([y, y * y, y * z])

    x = shape.grid()
    jumps = shape.jumps(values, x)
    origin, tangent, _ = values(torch.zeros(1, **EXACT)).flatten().tolist()
    slopes = (tangent, tangent)
    if any(jump.at == 0 and jump.order == 1 for jump in jumps):
        slopes = tuple(values(torch.tensor([-1e-150, 1e-150], **EXACT))[1].tolist())
    linear = -shape.reach(function, slopes[0], -1) + 0.0, shape.reach(function, slopes[1], 1)
    mean, square, product = expectation(moments).tolist()
    variance = max(0.0, square - mean * mean)
    left, right = shape.side(values, x, -1), shape.side(values, x, 1)
    low, high = shape.lowest(values, x, 1), shape.lowest(values, x, -1)
    limits = left.limit, right.limit
    bounds = low[1] if low else min(limits), high[1] if high else max(limits)
    flat = [side.limit for side in (left, right) if side.saturation == "hard"]
    smoothness = min(jump.order for jump in jumps) - 1 if jumps else max(2, descriptor.smoothness)
    return Card(
        name=descriptor.name,
        parameters=parameters,
        nonlinearity=max(0.0, 1 - product * product / variance) if variance > 1e-14 * square else 0.0,
        smoothness=smoothness,
        jumps=jumps,
        value_at_zero=origin + 0.0,
        slope_at_zero=tangent + 0.0,
        linear=linear,
        linear_share=(math.erf(linear[1] / math.sqrt(2)) - math.erf(linear[0] / math.sqrt(2))) / 2,
        mean=mean,
        variance=variance,
        gain=1 / math.sqrt(square) if square > 0 else math.inf,
        bounds=bounds,
        attained=(bool(low) or bounds[0] in flat, bool(high) or bounds[1] in flat),
        minimum=low,
        maximum=high,
        active=shape.active(values, x),
        left=left,
        right=right,
    )


@dataclass(frozen=True)
class Cost:
    """ns per element, and as a multiple of relu's."""

    forward: float
    training: float
    forward_ratio: float
    training_ratio: float

    def row(self) -> tuple[str, str]:
        forward = f"{self.forward:.2f} ns per element forward, {self.forward_ratio:.1f} times relu's"
        return "cost", f"{forward}; {self.training:.2f} with backward, {self.training_ratio:.1f} times"


@neutral()
def cost(name: str, size: int = 2**18, seconds: float = 1.0, **parameters: Any) -> Cost:
    """What float32 costs on this CPU, beside relu: forward alone, and forward with backward through autograd."""
    from .bench.timing import minima

    _, function, _ = bound(name, parameters)
    _, relu, _ = bound("relu", {})
    x = torch.randn(size, device="cpu")
    leaf, one = x.clone().requires_grad_(), torch.ones_like(x)

    def train(f: Function) -> tuple[Tensor, ...]:
        return torch.autograd.grad(f(leaf), leaf, one)

    pairs = itertools.product(("it", "relu"), ("forward", "training"))
    calls = {
        (who, what): functools.partial(f, x) if what == "forward" else functools.partial(train, f)
        for (who, what), f in zip(pairs, (function, function, relu, relu), strict=True)
    }
    best = {key: 1e9 * time / size for key, time in minima(calls, seconds=seconds).items()}
    forward, training = best["it", "forward"], best["it", "training"]
    return Cost(forward, training, forward / best["relu", "forward"], training / best["relu", "training"])
