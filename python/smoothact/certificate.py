# SPDX-License-Identifier: Apache-2.0
"""Measures how exact an activation is, in units in the last place, and torch's own function beside it.

The reference is the textbook ``definition``: in float64 with a bound on its own error (:mod:`smoothact.enclosure`)
where that bound is a small part of an ulp, in multiprecision (:mod:`smoothact.oracle`) on a sample of the rest.
"""

from __future__ import annotations

import functools
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
ALL = range(2**32)  # the bit patterns of float32
CHUNK = 2**18


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
    unjudged: int
    """Inputs that float64 could not judge and that multiprecision did not sample."""
    ties: float | None = None
    """Share of results that lie closer to the middle between two numbers of the format than float32 tells, if these
    are not among those that should be correctly rounded."""


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


def patterns(bits: range) -> Tensor:
    """The finite float32 with these bit patterns."""
    x = torch.arange(bits.start, bits.stop).to(torch.int32).view(torch.float32)
    return x[x.isfinite()]


@functools.cache
def zeros_of(descriptor: Descriptor) -> list[list[tuple[float, float]]]:
    """Where f, f' and f'' change sign away from x = 0."""
    definition = Definition(descriptor.definition)
    parameters = {p.name: p.default for p in descriptor.parameters if p.default is not None}
    grid = sorted(s * 1.03**k for s in (-1, 1) for k in range(-240, 160))
    series = [definition.derivatives(p, **parameters) for p in grid]
    return [own_zeros(grid, [s[order] for s in series]) for order in range(3)]


class Reference:
    """The exact values of one activation at default parameters, as float64 and how they round."""

    def __init__(self, descriptor: Descriptor, x: Tensor, hard: int) -> None:
        self.x, self.dtype = x, x.dtype
        definition = Definition(descriptor.definition)
        parameters = {p.name: p.default for p in descriptor.parameters if p.default is not None}
        wide = x.double()
        bounds = enclosure.derivatives(definition, wide, 2, **parameters)
        self.values, self.exact = [b.v.clone() for b in bounds], {}
        ulps = torch.stack([b.e / spacing(b.v, self.dtype) for b in bounds]).nan_to_num(math.inf, math.inf)
        known, doubt = ulps <= TRUSTED, ulps.amax(0)
        if self.dtype == torch.float64:
            known[:] = False
        # Half of the sample is where the bound is widest, half is spread evenly over the rest.
        doubtful = torch.nonzero(~known.all(0)).flatten()
        widest = torch.zeros_like(x, dtype=torch.bool)
        widest[doubtful[doubt[doubtful].topk(min(hard // 2, len(doubtful))).indices]] = True
        rest = doubtful[~widest[doubtful]]
        spread = torch.linspace(0, len(rest) - 1, min(hard - int(widest.sum()), len(rest))).long()
        sample = torch.cat([rest[spread], torch.nonzero(widest).flatten()])
        for i in sample.tolist():
            self.exact[i] = definition.derivatives(wide[i].item(), **parameters)
            for order in range(3):
                self.values[order][i] = rounded(self.exact[i][order], "float64")
        known[:, sample] = True
        self.known = known  # by order
        self.zeros = zeros_of(descriptor)

    def judged(self, order: int) -> Tensor:
        """Where an error counts: the reference knows, and no zero of the function itself is near."""
        near = torch.zeros_like(self.known[order])
        for a, b in self.zeros[order]:
            near |= (a * self.x > 0) & (abs(a) / 2 <= self.x.abs()) & (self.x.abs() <= 1.5 * abs(b))
        return self.known[order] & ~near

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


def theirs(name: str, x: Tensor) -> list[Tensor]:
    """torch's own function and its derivatives by autograd, as far as torch has them."""
    if name not in BUILTIN:
        return []
    try:
        return list(derivatives(BUILTIN[name], x))
    except RuntimeError:  # hardsigmoid's backward has no derivative
        return list(derivatives(BUILTIN[name], x, 1))


class Tally:
    """The worst error and the share of correctly rounded results, over one batch of points after another."""

    def __init__(self) -> None:
        self.worst, self.at, self.right, self.count = -1.0, math.nan, 0, 0

    def add(self, reference: Reference, order: int, got: Tensor) -> None:
        errors = torch.where(reference.judged(order), reference.errors(order, got), -1.0)
        worst = int(errors.argmax())
        if errors[worst] > self.worst:
            self.worst, self.at = errors[worst].item(), reference.x[worst].item()
        right = reference.correct(order, got)[reference.known[order]]
        self.right, self.count = self.right + int(right.sum()), self.count + len(right)

    def figures(self) -> tuple[float, float, float]:
        return self.worst, self.at, self.right / max(self.count, 1)


def batches(dtype: torch.dtype, count: int, hard: int, bits: range | None) -> list[Callable[[], tuple[Tensor, int]]]:
    """Points, and how many of those that float64 cannot judge multiprecision does."""
    if bits is None or dtype != torch.float32:
        return [lambda: (points(dtype, count if dtype == torch.float32 else hard), hard)]
    chunks = [range(start, min(start + CHUNK, bits.stop)) for start in range(bits.start, bits.stop, CHUNK)]
    # A share of `hard` for each, the remainder for the first.
    return [
        lambda c=c, i=i: (patterns(c), hard // len(chunks) + (i < hard % len(chunks))) for i, c in enumerate(chunks)
    ]


def certify(
    names: list[str],
    dtypes: list[torch.dtype],
    device: str = "cpu",
    count: int = 200_000,
    hard: int = 1_000,
    progress: Callable[[list], Iterator] = iter,
    bits: range | None = None,
) -> list[Row]:
    """The rows of the certificate.

    Args:
        names: activations, at their default parameters.
        dtypes: formats; of the 16-bit ones every input is measured.
        device: where the kernels run; the reference is computed on the CPU.
        count: points of a 32- or 64-bit format.
        hard: how many of the points that float64 cannot judge multiprecision does.
        progress: wraps the list of batches, as ``tqdm.tqdm`` does.
        bits: instead of `count` points of float32, the numbers with these bit patterns; ``ALL`` for every input.
    """
    rows = []
    work = [(n, d, b) for n in names for d in dtypes for b in batches(d, count, hard, bits)]
    for (name, dtype), group in itertools.groupby(progress(work), lambda w: w[:2]):
        tallies = {who: [Tally() for _ in ORDERS] for who in ("ours", "torch")}
        unjudged = [0] * len(ORDERS)
        for _, _, batch in group:
            x, share = batch()
            if not len(x):
                continue
            reference = Reference(catalogue[name], x, share)
            unjudged = [n + int((~k).sum()) for n, k in zip(unjudged, reference.known, strict=True)]
            there = x.to(device)
            for who, values in (("ours", ours(name, there)), ("torch", theirs(name, there))):
                for order, value in enumerate(values):
                    tallies[who][order].add(reference, order, value)
        for label, mine, its, open_ in zip(ORDERS, tallies["ours"], tallies["torch"], unjudged, strict=True):
            other = its.figures() if its.count else (None, None, None)
            rows.append(Row(name, label, name_of(dtype), mine.count, *mine.figures(), *other, open_))
    return rows
