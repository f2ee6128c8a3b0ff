# SPDX-License-Identifier: Apache-2.0
"""Measures how exact an activation is, in units in the last place, and torch's own function beside it.

The reference is the textbook ``definition``: in float64 with a bound on its own error (:mod:`smoothact.enclosure`)
where that bound is a small part of an ulp, in multiprecision (:mod:`smoothact.oracle`) on a sample of the rest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from . import enclosure
from ._catalogue import Descriptor, catalogue
from .oracle import FORMATS, Definition, rounded, ulp_error
from .reference import BUILTIN, derivatives

ORDERS = ("f", "f'", "f''")
TRUSTED = 0.002  # of an ulp: how well the reference must be known


@dataclass
class Row:
    """One function, one order, one format. Errors in ulps, away from zeros of the function itself except x = 0."""

    op: str
    order: str
    dtype: str
    points: int
    worst: float
    at: float
    rounded: float
    """Share of the results that are the correctly rounded ones."""
    torch_worst: float | None
    torch_at: float | None
    torch_rounded: float | None


def spacing(v: Tensor, dtype: torch.dtype) -> Tensor:
    """An ulp of the format at each value of a float64 tensor; below the normal range, that of the subnormals."""
    precision, emin, emax = FORMATS[name_of(dtype)]
    exponent = torch.where(v == 0, emin, torch.frexp(v).exponent - 1)
    return torch.exp2(exponent.clamp(emin, emax).double() - precision + 1)


def own_zeros(x: list[float], values: list) -> list[tuple[float, float]]:
    """Brackets of the sign changes away from x = 0, nearer end first."""
    nonzero = [(p, v) for p, v in zip(x, values, strict=True) if v]
    pairs = itertools.pairwise(nonzero)
    return [tuple(sorted((p, q), key=abs)) for (p, u), (q, v) in pairs if u * v < 0 < p * q]


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def points(dtype: torch.dtype, count: int) -> Tensor:
    """All finite values of a 16-bit format; of a wider one about `count`: bends, tails, all magnitudes."""
    if dtype.itemsize == 2:
        x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
        return x[x.isfinite()]
    generator = torch.Generator().manual_seed(20261125)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count // 8, dtype=torch.float64).uniform_(low, high, generator=generator)

    tail = 104 if dtype == torch.float32 else 745
    smallest = math.log2(torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps)
    magnitudes = torch.exp2(uniform(smallest, math.log2(torch.finfo(dtype).max)))
    x = [uniform(-span, span) for span in (1, 4, 4, 12, tail)] + [magnitudes, -magnitudes, uniform(-40, -5)]
    return torch.unique(torch.cat(x).to(dtype))


class Reference:
    """The exact values of one activation at default parameters, as float64 and how they round."""

    def __init__(self, descriptor: Descriptor, x: Tensor, hard: int) -> None:
        self.x, self.dtype = x, x.dtype
        definition = Definition(descriptor.definition)
        parameters = {p.name: p.default for p in descriptor.parameters if p.default is not None}
        wide = x.double()
        bounds = enclosure.derivatives(definition, wide, 2, **parameters)
        self.values, self.exact = [b.v.clone() for b in bounds], {}
        known = torch.ones_like(x, dtype=torch.bool)
        for b in bounds:
            known &= b.e <= TRUSTED * spacing(b.v, self.dtype)
        if self.dtype == torch.float64:
            known[:] = False
        doubtful = torch.nonzero(~known).flatten()
        sample = doubtful[torch.linspace(0, len(doubtful) - 1, min(hard, len(doubtful))).long()]
        for i in sample.tolist():
            self.exact[i] = definition.derivatives(wide[i].item(), **parameters)
            for order in range(3):
                self.values[order][i] = rounded(self.exact[i][order], "float64")
        known[sample] = True
        self.known = known
        grid = [s * 1.03**k for s in (-1, 1) for k in range(-240, 160)]
        series = [definition.derivatives(p, **parameters) for p in sorted(grid)]
        self.zeros = [own_zeros(sorted(grid), [s[order] for s in series]) for order in range(3)]

    def judged(self, order: int) -> Tensor:
        """Where an error counts: the reference knows, and no zero of the function itself is near."""
        near = torch.zeros_like(self.known)
        for a, b in self.zeros[order]:
            near |= (a * self.x > 0) & (abs(a) / 2 <= self.x.abs()) & (self.x.abs() <= 1.5 * abs(b))
        return self.known & ~near

    def errors(self, order: int, got: Tensor) -> Tensor:
        """In ulps; infinite where a number came out as NaN, or an infinity too early."""
        value, got = self.values[order], got.cpu()
        error = (got.double() - value).abs() / spacing(value, self.dtype)
        largest = torch.finfo(self.dtype).max
        early = got.isinf() & (value.abs() <= largest)
        error = torch.where(got.isinf() & ~early & (got.double() * value > 0), 0.0, error)
        if self.dtype == torch.float64:
            for i, exact in self.exact.items():
                error[i] = ulp_error(got[i].item(), exact[order], "float64")
        return torch.where(error.isnan() | early, math.inf, error)

    def correct(self, order: int, got: Tensor) -> Tensor:
        right = got.cpu() == self.values[order].to(self.dtype)
        for i, exact in self.exact.items():
            right[i] = got[i].item() == rounded(exact[order], name_of(self.dtype))
        return right


def ours(name: str, x: Tensor) -> list[Tensor]:
    """f, f' and f'' by the ops of each order."""
    one = torch.ones_like(x)
    packets = [getattr(torch.ops.smoothact, name + suffix) for suffix in ("", "_backward", "_double_backward")]
    return [packet(*[one] * order, x) for order, packet in enumerate(packets)]


def theirs(name: str, x: Tensor) -> list[Tensor] | None:
    """torch's own function and its derivatives by autograd, where torch has it."""
    return list(derivatives(BUILTIN[name], x)) if name in BUILTIN else None


def certify(
    names: list[str],
    dtypes: list[torch.dtype],
    device: str = "cpu",
    count: int = 200_000,
    hard: int = 1_000,
    progress: Callable[[list], Iterator] = iter,
) -> list[Row]:
    """The rows of the certificate.

    Args:
        names: activations, at their default parameters.
        dtypes: formats; of the 16-bit ones every input is measured.
        device: where the kernels run; the reference is computed on the CPU.
        count: points of a 32- or 64-bit format.
        hard: how many of the points that float64 cannot judge multiprecision does.
        progress: wraps the list of (name, dtype) pairs, as ``tqdm.tqdm`` does.
    """
    rows = []
    for name, dtype in progress([(n, d) for n in names for d in dtypes]):
        x = points(dtype, count if dtype == torch.float32 else hard)
        reference = Reference(catalogue[name], x, hard)
        there = x.to(device)
        results = {"ours": ours(name, there), "torch": theirs(name, there)}
        for order, label in enumerate(ORDERS):
            judged = reference.judged(order)
            figures: dict[str, tuple] = {}
            for who, values in results.items():
                if values is None:
                    figures[who] = (None, None, None)
                    continue
                errors = torch.where(judged, reference.errors(order, values[order]), -1.0)
                worst = int(errors.argmax())
                right = reference.correct(order, values[order])[reference.known]
                figures[who] = (errors[worst].item(), x[worst].item(), right.double().mean().item())
            rows.append(
                Row(name, label, name_of(dtype), int(reference.known.sum()), *figures["ours"], *figures["torch"])
            )
    return rows
