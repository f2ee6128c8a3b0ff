# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests: activations with several parameter sets, test points, exact values, the contract."""

from __future__ import annotations

import functools
import itertools
import math
import random
from dataclasses import dataclass

import pytest
import smoothact
import torch
from smoothact.certificate import own_zeros
from smoothact.oracle import FORMATS, Definition, multiprecision, rounded, ulp
from smoothact.reference import formula

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
ORDERS = ("f", "f'", "f''")
WIDE = DTYPES[:2]
HALF = DTYPES[2:]

# Whose result, whatever the dtype rounds it to, has the slope of the input, and is saved: what comes next keeps it too.
BY_RESULT = ("relu", "leaky_relu", "relu6")

# Values for every parameter of a domain: sharp, blunt, mirrored, degenerate.
TRIALS = {
    "positive": [0.3, 2.5],
    "nonnegative": [0.0, 0.1, 9.0],
    "real": [1.702, 0.3, -0.75, 0.0],
    "from 1 to 16": [1.0, 1.5, 2.0, 16.0],
}


def one_of_each_kind(cases):
    """The first case of every kind."""
    return list({case.descriptor.kind: case for case in reversed(cases)}.values())


@dataclass(frozen=True)
class Case:
    """One activation with one set of parameters."""

    name: str
    values: tuple[float | None, ...] = ()

    @property
    def descriptor(self):
        return smoothact.catalogue[self.name]

    @property
    def parameters(self) -> dict[str, float | None]:
        return {p.name: v for p, v in zip(self.descriptor.parameters, self.values, strict=True)}

    @property
    def set_parameters(self) -> dict[str, float]:
        return {name: value for name, value in self.parameters.items() if value is not None}

    @functools.cached_property
    def definition(self) -> Definition:
        return Definition(self.descriptor.definition)

    def op(self, order: int = 0, overload: str = "default"):
        packet = getattr(torch.ops.smoothact, self.name + ("", "_backward", "_double_backward")[order])
        return getattr(packet, overload)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.op()(x, *self.values)

    def functional(self, x: torch.Tensor, **options) -> torch.Tensor:
        return getattr(smoothact.functional, self.name)(x, **self.parameters, **options)

    def module(self, **options) -> torch.nn.Module:
        return getattr(smoothact.nn, self.descriptor.module)(**self.parameters, **options)

    def derivative(self, x: torch.Tensor, order: int, overload: str = "default") -> torch.Tensor:
        """f, f' or f'' as the op of that order computes it."""
        return self.op(order, overload)(*[torch.ones_like(x)] * order, x, *self.values)

    def composite(self, x: torch.Tensor, order: int = 0) -> torch.Tensor:
        return smoothact._C.composite(
            self.name,
            order,
            [*[torch.ones_like(x)] * order, x],
            [math.inf if v is None else v for v in self.values],
        )

    def textbook(self, x: torch.Tensor) -> torch.Tensor:
        return formula(self.descriptor.definition, **self.set_parameters)(x)

    def exact(self, x: float, order: int = 2) -> list | None:
        """[f(x), f'(x), …] in multiprecision; None where the definition has no derivative."""
        return _exact(self, x, order)

    def limit(self, sign: int, order: int = 0) -> float:
        """lim f, f' or f'' at ±inf, from the definition alone; a logarithm is known by what it gains farther out."""
        value, further = (self.exact(math.copysign(2.0**far, sign))[order] for far in (600, 900))
        if abs(value) > 2.0**200 or abs(further - value) > 1:
            return math.copysign(math.inf, further)
        return round(rounded(value, "float64"), 60) + 0.0

    def __str__(self) -> str:
        changed = [
            f"{p.name}={v:g}" for p, v in zip(self.descriptor.parameters, self.values, strict=True) if v != p.default
        ]
        return self.name + (f"[{','.join(changed)}]" if changed else "")


@functools.lru_cache(maxsize=200_000)
def _exact(case: Case, x: float, order: int) -> list | None:
    try:
        return case.definition.derivatives(x, order, **case.set_parameters)
    except ZeroDivisionError:  # a degenerate parameter's kink: squareplus at b = 0, x = 0
        return None


def default(name: str) -> Case:
    return Case(name, tuple(p.default for p in smoothact.catalogue[name].parameters))


def variations(name: str) -> list[Case]:
    """The defaults, then one parameter at a time moved to each trial value that the others allow."""
    base = default(name)
    moved = [
        Case(name, (*base.values[:i], value, *base.values[i + 1 :]))
        for i, p in enumerate(base.descriptor.parameters)
        if not p.optional
        for value in TRIALS[p.domain]
        if value != p.default
    ]
    return [base, *(case for case in moved if not base.descriptor.ascending or is_ascending(case.values))]


def is_ascending(values: tuple[float, ...]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


DEFAULTS = [default(name) for name in smoothact.catalogue]
# Of what needs the whole list, or nearly.
WHOLE = pytest.mark.skipif(len(DEFAULTS) < 80, reason="not all activations are compiled")
CASES = [case for name in smoothact.catalogue for case in variations(name)]
SMOOTH = [case for case in DEFAULTS if case.descriptor.smoothness >= 2]


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@functools.cache
def grid(name: str, dtype: torch.dtype) -> torch.Tensor:
    """All magnitudes, subnormals, the tails densely, and the neighbours of every kink; sorted, distinct."""
    precision, emin, emax = FORMATS[dtype_name(dtype)]
    noise = random.Random(20261123)
    points = [10.0**k for k in range(-40, 39)]
    points += [10.0 ** noise.uniform(-12, 3) for _ in range(40)]
    points += [1.03**k for k in range(-130, 176)]
    points += [
        tail + noise.uniform(-1.0, 1.0) * span
        for tail, span in ((14, 1.5), (40, 3), (100, 20), (728, 24))
        for _ in range(8)
    ]
    # Where an exponential might take the wrong power of two.
    points += [math.log(2) * (n + part) for n in (20, 100, 140, 500, 950) for part in (0.3, 0.49, 0.51, 0.7)]
    points += [math.ldexp(1, emin - precision + 1), math.ldexp(0.8, emin - 2), math.ldexp(1, emin)]
    points += [1e75, 1e150] if emax > 127 else []
    x = torch.tensor([0.0, *points, *(-p for p in points)], dtype=torch.float64)
    largest = torch.finfo(dtype).max
    x = x[x.abs() <= largest].to(dtype)
    kinks = torch.tensor([0.0, *smoothact.catalogue[name].kinks], dtype=dtype)
    near = [torch.nextafter(kinks, torch.full_like(kinks, side)) for side in (math.inf, -math.inf)]
    return torch.unique(torch.cat([x, kinks, *near]))


def allowances(x: list[float], exact: list[list], order: int, bound: float, dtype: str) -> list:
    """The contract as an absolute error at each point: `bound` ulps of the exact value.

    No fixed precision keeps relative accuracy near a zero other than x = 0. Within half such a zero's
    distance from 0, two ulps of x times the next derivative are allowed: what rounding x moves the result by,
    and the size of the terms that cancel.
    """
    zeros = own_zeros(x, [e[order] for e in exact])
    number = multiprecision().mp.mpf  # half a subnormal ulp is no float
    limits = []
    for p, e in zip(x, exact, strict=True):
        limit = bound * number(ulp(e[order], dtype))
        if any(near * p > 0 and abs(near) / 2 <= abs(p) <= 1.5 * abs(far) for near, far in zeros):
            limit = max(limit, 2 * number(ulp(p * e[order + 1], dtype)))
        limits.append(limit)
    return limits


# Of a tensor of 12 x 12
LAYOUTS = {
    "transposed": lambda t: t.t(),
    "strided": lambda t: t[:, ::2],
    "offset": lambda t: t.flatten()[1:],
    "row": lambda t: t[:1].expand(5, -1),
    "scalar": lambda t: t[0, 0],
    "channels_last": lambda t: t.view(2, 3, 4, 6).contiguous(memory_format=torch.channels_last),
}
