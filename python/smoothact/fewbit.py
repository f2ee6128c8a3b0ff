# SPDX-License-Identifier: Apache-2.0
"""Derivatives in a few bits: the piecewise constant function that stands for f' where an activation saves no input.

An activation that is told ``fewbit=2``, 3 or 4 saves as many bits for each element, which say in what interval its
input x lies, and its backward pass multiplies by the level of that interval. Boundaries and levels minimise the mean
square of f'(x) - level(x) for an x that is standard normal, but evenly from -32 to 32 once in a hundred times. An
element's gradient is then wrong by at most :attr:`Table.max_error` times the magnitude of the gradient that comes in,
beside roundings. A table is computed when it is first used, in a fraction of a second.

Source: Novikov et al. 2022, "Few-bit Backward: Quantized Gradients of Activation Functions for Memory Footprint
Reduction", arXiv:2202.00441.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch

from ._catalogue import catalogue
from ._gates import resolve

__all__ = ["BITS", "Table", "table"]

EXACT: dict[str, Any] = {"dtype": torch.float64, "device": "cpu"}
BITS = (2, 3, 4)
NEAR, FAR = 8.0, 32.0  # the grid is fine up to the first, and the weight goes on to the second
EVEN = 0.01  # the share of an even weight: a tail is not left to itself
CANDIDATES = 500  # boundaries that the search for the best ones begins with
SWEEPS = 100
STEPS = 1100  # of a bisection: from any bracket to the last bit


@dataclass(frozen=True)
class Table:
    """What stands for the derivative of an activation: ``levels[i]`` where x exceeds i of the boundaries."""

    name: str
    bits: int
    boundaries: tuple[float, ...]
    """``2**bits - 1`` in ascending order; those that are not needed are infinite."""
    levels: tuple[float, ...]
    """``2**bits`` values."""
    max_error: float
    """The greatest magnitude of f'(x) - level(x) for any x, infinite where f' is not bounded."""
    rms_error: float
    """The root of the mean square of f'(x) - level(x) for a standard normal x."""

    def __call__(self, x: Tensor) -> Tensor:
        """The level of each element's interval, of the dtype of ``x``. A NaN has the first level."""
        boundaries = torch.tensor(self.boundaries, dtype=torch.float64, device=x.device)
        code = (x.double().unsqueeze(-1) > boundaries).sum(-1)
        return torch.tensor(self.levels, dtype=torch.float64, device=x.device)[code].to(x.dtype)


def table(name: str, bits: int, **parameters: Any) -> Table:
    """The boundaries and levels of an activation, and how well they do: ``table("gelu", 4).max_error``.

    Args:
        name: an activation, by name, module name or alias.
        bits: 2, 3 or 4.
        **parameters: its parameters, by name; the others keep their defaults.

    Raises:
        TypeError: ``bits`` is no int, or the activation has no such parameter.
        ValueError: another number of bits, no activation has the name, or a parameter is outside its domain.
    """
    check_bits("fewbit.table", bits)
    resolved, values = resolve("fewbit.table", name, tuple(parameters.items()))
    rest = catalogue[resolved].parameters[len(values) :]
    return _table(resolved, (*values, *(math.inf if p.default is None else p.default for p in rest)), bits)


def check_bits(op: str, bits: Any) -> int:
    if isinstance(bits, bool) or not isinstance(bits, int):
        raise TypeError(f"{op}(): argument 'fewbit' must be int or None, not {type(bits).__name__}")
    if bits not in BITS:
        raise ValueError(f"{op}: fewbit must be 2, 3 or 4, got {bits}")
    # A number that Dynamo knows, where it takes the argument for a variable.
    return next(b for b in BITS if b == bits)


def constants(name: str, values: tuple[float, ...], bits: int) -> tuple[list[float], list[float]]:
    """Boundaries and levels, as the ops take them."""
    found = _table(name, values, bits)
    return list(found.boundaries), list(found.levels)


# Dynamo cannot trace the search.
constants._dynamo_marked_constant = True


@functools.lru_cache(maxsize=256)
def _table(name: str, values: tuple[float, ...], bits: int) -> Table:
    # Whatever modes the caller is in, this is plain arithmetic.
    with no_dispatch(), torch.no_grad():
        slope = _Slope(name, values)
        cells = _Cells(slope)
        boundaries, levels = cells.refined(cells.segments(2**bits))
        max_error, rms_error = slope.distance(boundaries, levels), cells.rms_error(boundaries, levels)
    unused = 2**bits - len(levels)
    boundaries, levels = (*boundaries, *[math.inf] * unused), (*levels, *[levels[-1]] * unused)
    return Table(name, bits, boundaries, levels, max_error, rms_error)


class _Slope:
    """f' at some parameters, as a function of a float64 tensor."""

    def __init__(self, name: str, values: tuple[float, ...]) -> None:
        self.op, self.values = getattr(torch.ops.smoothact, f"{name}_backward").default, values

    def __call__(self, x: Tensor) -> Tensor:
        return self.op(torch.ones_like(x), x, *self.values)

    def crossing(self, low: float, high: float, level: float) -> float:
        """The last x of [low, high] that is on low's side of the level."""
        below = self._at(low) < level
        for _ in range(STEPS):
            middle = low + (high - low) / 2
            if not low < middle < high:
                break
            low, high = (middle, high) if (self._at(middle) < level) == below else (low, middle)
        return low

    def _at(self, x: float) -> float:
        return self(torch.tensor([x], **EXACT)).item()

    def distance(self, boundaries: tuple[float, ...], levels: tuple[float, ...]) -> float:
        """The greatest of abs(f' - level): on a grid over all magnitudes, and between its points around the maxima."""
        edges = torch.tensor(boundaries, **EXACT)
        heights = torch.tensor(levels, **EXACT)

        def error(x: Tensor) -> Tensor:
            return (self(x) - heights[torch.bucketize(x, edges)]).abs()

        beyond = torch.tensor([math.inf], **EXACT)
        x = torch.cat([_grid(), torch.sinh(torch.linspace(-20, 20, 4001, **EXACT)), edges, edges.nextafter(beyond)])
        x = torch.cat([-beyond, x.unique(), beyond])
        e = error(x)
        if not torch.isfinite(e).all():
            return math.inf
        inner = e[1:-1]
        peak = torch.nonzero((inner >= e[:-2]) & (inner >= e[2:]) & (inner > 0.9 * e.max())).flatten() + 1
        low, high = x[peak - 1], x[peak + 1]
        finite = torch.isfinite(low) & torch.isfinite(high)
        low, high = low[finite], high[finite]
        for _ in range(100):
            a, b = low + (high - low) / 3, high - (high - low) / 3
            left = error(a) > error(b)
            low, high = torch.where(left, low, a), torch.where(left, b, high)
        return max(e.max().item(), *error(low + (high - low) / 2).tolist(), 0.0)


@functools.cache
def _grid() -> Tensor:
    """From -FAR to FAR: evenly up to NEAR, coarser beyond, and over all magnitudes around 0."""
    near, far = torch.linspace(0, NEAR, 2**13 + 1, **EXACT), torch.linspace(NEAR, FAR, 2**9 + 1, **EXACT)
    half = torch.cat([near, far, torch.logspace(-12, 0, 1201, **EXACT)])
    return torch.cat([half, -half]).unique()


class _Cells:
    """f' in the middle of cells of the grid, and their weights."""

    def __init__(self, slope: _Slope) -> None:
        self.slope = slope
        self.set_edges(_grid())

    def set_edges(self, edges: Tensor) -> None:
        self.edges = edges
        left, right = edges[:-1], edges[1:]
        self.middles = (left + right) / 2
        self.g = self.slope(self.middles)
        # Towards the tail, where both are next to 1, the difference is that of the other side.
        mirrored = left > 0
        a, b = torch.where(mirrored, -right, left), torch.where(mirrored, -left, right)
        self.normal = torch.special.ndtr(b) - torch.special.ndtr(a)
        self.weight = (1 - EVEN) * self.normal + EVEN * (right - left) / (2 * FAR)
        moments = torch.stack([self.weight, self.weight * self.g, self.weight * self.g.square()])
        self.sums = torch.nn.functional.pad(moments.cumsum(1), (1, 0))

    def cost(self, i: Tensor, j: Tensor) -> Tensor:
        """Of one level for the cells from edge i to edge j, the best one."""
        weight, first, second = self.sums[:, j] - self.sums[:, i]
        return torch.where(weight > 0, second - first.square() / weight, 0.0)

    def segments(self, count: int) -> list[int]:
        """The edges that part the cells at the least cost."""
        # The best boundaries are as dense as the cube root of the weighted square of f'' (Panter & Dite 1951).
        change = (self.g.diff().square() * self.weight[1:]) ** (1 / 3)
        dense = torch.nn.functional.pad(change.cumsum(0), (1, 0))
        picked = torch.searchsorted(dense, torch.linspace(0, dense[-1].item(), CANDIDATES, **EXACT))
        last = len(self.edges) - 1
        ends = torch.tensor([0, last], device="cpu")
        c = torch.cat([ends, picked.clamp(1, last - 1), (picked + 1).clamp(1, last - 1)]).unique()
        between = self.cost(c[:, None], c[None, :])
        between = between.masked_fill(c[:, None] > c[None, :], math.inf)
        best, back = between[0], []
        for _ in range(count - 1):
            best, origin = (best[:, None] + between).min(0)
            back.append(origin)
        path = [len(c) - 1]
        for origin in reversed(back):
            path.append(int(origin[path[-1]]))
        return self.settled([0, *(int(c[p]) for p in reversed(path[1:])), last])

    def settled(self, cuts: list[int]) -> list[int]:
        """Each boundary in turn is put where it is best between its neighbours, until none moves."""
        for _ in range(SWEEPS):
            before = list(cuts)
            for k in range(1, len(cuts) - 1):
                low, high = cuts[k - 1], cuts[k + 1]
                at = torch.arange(low, high + 1, device="cpu")
                cost = self.cost(torch.full_like(at, low), at) + self.cost(at, torch.full_like(at, high))
                cuts[k] = low + int(cost.argmin())
            if cuts == before:
                break
        return cuts

    def refined(self, cuts: list[int]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Boundaries to the last bit, where f' crosses the middle between two levels or jumps, and the best levels."""
        cuts = sorted(set(cuts))
        levels = [self._level(i, j) for i, j in itertools.pairwise(cuts)]
        boundaries = []
        for k, (a, b) in enumerate(itertools.pairwise(levels)):
            if math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12):
                continue
            at = cuts[k + 1]
            boundaries.append(self.slope.crossing(*self.middles[at - 1 : at + 1].tolist(), (a + b) / 2))
        self.set_edges(torch.cat([_grid(), torch.tensor(boundaries, **EXACT)]).unique())
        ends = [0, *torch.searchsorted(self.edges, torch.tensor(boundaries, **EXACT)).tolist(), len(self.edges) - 1]
        return tuple(boundaries), tuple(self._level(i, j) for i, j in itertools.pairwise(ends))

    def _level(self, i: int, j: int) -> float:
        weight = self.weight[i:j]
        return ((weight * self.g[i:j]).sum() / weight.sum()).item()

    def rms_error(self, boundaries: tuple[float, ...], levels: tuple[float, ...]) -> float:
        heights = torch.tensor(levels, **EXACT)[torch.bucketize(self.middles, torch.tensor(boundaries, **EXACT))]
        return (self.normal * (self.g - heights).square()).sum().sqrt().item()
