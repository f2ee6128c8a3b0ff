# SPDX-License-Identifier: Apache-2.0
"""Where a function jumps, bends, turns and flattens: a grid over all magnitudes, and bisection to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ._normal import EXACT, Function

SHARE = 0.05  # the deviation that still counts as linear, and the slope that still counts as active
STEPS = 70  # of a bisection: from a hundredth to the last bit


@dataclass(frozen=True)
class Jump:
    """Where the lowest derivative that is not continuous jumps."""

    at: float
    order: int
    size: float
    """The value on the right minus that on the left."""


@dataclass(frozen=True)
class Side:
    """What happens towards one infinity."""

    saturation: str
    """``"hard"`` where f' is 0 from some x on, ``"soft"`` where it tends to 0, else ``"none"``."""
    limit: float
    slope: float


Values = Callable[[Tensor], Tensor]  # points to rows f, f', f''


def grid() -> Tensor:
    """From -2e8 to 2e8, a two-hundredth apart around 0."""
    return torch.sinh(torch.linspace(-20, 20, 8001, **EXACT))


def _bisect(inside: Function, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Narrows every bracket to where `inside` (true at low, false at high) changes."""
    for _ in range(STEPS):
        middle = low + (high - low) / 2
        right = inside(middle)
        low, high = torch.where(right, middle, low), torch.where(right, high, middle)
    return low, high


def _edge(inside: Function, low: float, high: float) -> float:
    (edge,), _ = _bisect(inside, torch.tensor([low], **EXACT), torch.tensor([high], **EXACT))
    return edge.item()


def jumps(values: Values, x: Tensor) -> tuple[Jump, ...]:
    """Halves every interval of the grid towards the larger change; what is left at the last bit is a jump."""
    found: dict[float, Jump] = {}
    for order in range(3):
        y = values(x)[order]
        low, high, at_low, at_high = x[:-1], x[1:], y[:-1], y[1:]
        for _ in range(STEPS):
            middle = low + (high - low) / 2
            at_middle = values(middle)[order]
            right = (at_high - at_middle).abs() > (at_middle - at_low).abs()
            low, at_low = torch.where(right, middle, low), torch.where(right, at_middle, at_low)
            high, at_high = torch.where(right, high, middle), torch.where(right, at_high, at_middle)
            change = (at_high - at_low).abs()
            alive = (change > 1e-9) & (change > 1e-6 * (at_low.abs() + at_high.abs()))
            low, high, at_low, at_high = low[alive], high[alive], at_low[alive], at_high[alive]
            if not len(low):
                break
        for place in low.tolist():
            at = round(place, 12) + 0.0
            if any(math.isclose(at, known, abs_tol=1e-9) for known in found):
                continue
            beside = torch.tensor([-1.0, 1.0], **EXACT) * 1e-9 * max(1.0, abs(at)) + at
            before, after = values(beside)[order].tolist()
            found[at] = Jump(at, order, after - before)
    return tuple(sorted(found.values(), key=lambda jump: jump.at))


def reach(function: Function, slope: float, sign: int) -> float:
    """How far from 0, to one side, f stays within 5 % of the line through f(0) with that slope."""
    if slope == 0:
        return 0.0
    origin = function(torch.zeros(1, **EXACT)).item()

    def straight(distance: Tensor) -> Tensor:
        line = slope * sign * distance
        return (function(sign * distance) - origin - line).abs() <= SHARE * line.abs()

    distance = torch.logspace(-7, 8, 4001, **EXACT)
    bent = torch.nonzero(~straight(distance)).flatten()
    if not len(bent):
        return math.inf
    last = int(bent[0])
    return _edge(straight, distance[last - 1].item() if last else 0.0, distance[last].item())


def lowest(values: Values, x: Tensor, sign: int) -> tuple[float, float] | None:
    """x and f(x) of the least turning point of sign·f, unless a limit is as low."""
    slope = sign * values(x)[1]
    turning = torch.nonzero((slope[:-1] < 0) & (slope[1:] > 0) | (slope[:-1] < 0) & (slope[1:] == 0)).flatten()
    if not len(turning):
        return None
    low, _ = _bisect(lambda p: sign * values(p)[1] < 0, x[turning], x[turning + 1])
    heights = sign * values(low)[0]
    least = int(heights.argmin())
    ends = torch.tensor([-math.inf, math.inf], **EXACT)
    if not heights[least] < (sign * values(ends)[0]).amin() - 1e-12 * heights[least].abs():
        return None
    at = low[least].item()
    if abs(at) < 1e-12:
        return 0.0, values(torch.zeros(1, **EXACT))[0].item() + 0.0
    return at, sign * heights[least].item()


def active(values: Values, x: Tensor) -> tuple[float, float] | None:
    def passes(p: Tensor) -> Tensor:
        return values(p)[1].abs() >= SHARE

    through = torch.nonzero(passes(x)).flatten().tolist()
    if not through:
        return None
    first, last = through[0], through[-1]
    left = _edge(passes, x[first].item(), x[first - 1].item()) if first else -math.inf
    right = _edge(passes, x[last].item(), x[last + 1].item()) if last + 1 < len(x) else math.inf
    return tuple(0.0 if abs(edge) < 1e-12 else edge for edge in (left, right))


def side(values: Values, x: Tensor, sign: int) -> Side:
    limit, slope, _ = values(torch.tensor([sign * math.inf], **EXACT)).flatten().tolist()
    saturation = "none" if slope else "soft"
    if not slope:
        outwards = x if sign > 0 else x.flip(0)
        nonzero = torch.nonzero(values(outwards)[1]).flatten()
        inner = int(nonzero[-1]) if len(nonzero) else -1
        if inner < 0:
            saturation = "hard"
        elif inner + 1 < len(x):
            # At the edge of underflow f' is next to nothing; where a branch ends it is not.
            a, b = outwards[inner].item(), outwards[inner + 1].item()
            edge = _edge(lambda p: values(p)[1] != 0, a, b) - sign * 1e-9
            saturation = "hard" if values(torch.tensor([edge], **EXACT))[1].abs().item() > 1e-30 else "soft"
    return Side(saturation, limit + 0.0, slope + 0.0)
