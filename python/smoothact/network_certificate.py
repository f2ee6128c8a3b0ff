# SPDX-License-Identifier: Apache-2.0
"""The certificate of what networks make of an activation, in the terms of :mod:`smoothact.certificate`.

Gates f(gate)·up with both gradients, and the derivatives by parameters.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ._catalogue import Descriptor, catalogue
from .certificate import Reference, Row, name_of, points, spacing
from .oracle import Definition, multiprecision, rounded, ulp_error

# Which derivative of f each part has for a factor.
PARTS = {"y": 0, "by gate": 1, "by up": 0}
# Of f and f', which are float32 before they are multiplied: below it, their products by 1/64 have few digits.
LEAST = {torch.float32: 2.0**-120, torch.bfloat16: 2.0**-111, torch.float16: 2.0**-111}
MOST = 2.0**122  # and above it, those by 64 are no float32


def factors(like: Tensor, seed: int) -> Tensor:
    """Numbers of the dtype from 1/64 to 64 in magnitude."""
    generator = torch.Generator().manual_seed(seed)
    size, sign = (torch.rand(like.shape, generator=generator, dtype=torch.float64) for _ in range(2))
    return (torch.exp2(12 * size - 6) * torch.where(sign < 0.5, -1.0, 1.0)).to(like.dtype)


def gate(name: str, x: Tensor, up: Tensor, grad: Tensor) -> dict[str, Tensor]:
    """What the ops give for each part."""
    x, up = x.clone().requires_grad_(), up.clone().requires_grad_()
    y = torch.ops.smoothact.gated(x, up, name, [], None, 0.0)
    by_gate, by_up = torch.autograd.grad(y, [x, up], grad)
    return {"y": y.detach(), "by gate": by_gate, "by up": by_up}


def certify_gates(
    names: list[str],
    dtypes: list[torch.dtype],
    device: str = "cpu",
    count: int = 200_000,
    hard: int = 1_000,
    progress: Callable[[list], Iterator] = iter,
) -> list[Row]:
    """The rows of the gates, in float32 and the 16-bit formats: float64 cannot hold what it would be judged by.

    Args: those of :func:`smoothact.certificate.certify`.
    """
    rows = []
    for name, dtype in progress(list(itertools.product(names, [d for d in dtypes if d != torch.float64]))):
        x = points(dtype, count)
        up, grad = factors(x, 1), factors(x, 2)
        reference = Reference(catalogue[name], x, hard)
        got = gate(name, *(t.to(device) for t in (x, up, grad)))
        outer = {"y": up.double(), "by up": grad.double(), "by gate": up.double() * grad.double()}
        for part, order in PARTS.items():
            exact = reference.values[order] * outer[part]
            largest = torch.finfo(dtype).max
            judged = reference.judged(order) & (exact.abs() <= largest) & (reference.values[order].abs() <= largest)
            judged &= (reference.values[order].abs() > LEAST[dtype]) & (reference.values[order].abs() < MOST)
            value = got[part].cpu().double()
            unit, nearest = spacing(exact, dtype), exact.to(dtype).double()
            errors = ((value - exact).abs() / unit).nan_to_num(math.inf, math.inf)
            errors = torch.where(judged, errors, -1.0)
            worst = int(errors.argmax())
            tied = near_ties(exact, nearest, unit) & judged
            right = (value == nearest)[judged & ~tied].double().mean().item()
            unjudged = int((~reference.known[order]).sum())
            figures = (errors[worst].item(), x[worst].item(), right, None, None, None, unjudged)
            ties = int(tied.sum()) / max(int(judged.sum()), 1)
            rows.append(Row(name, part, name_of(dtype), int(judged.sum()), *figures, ties))
    return rows


def near_ties(exact: Tensor, nearest: Tensor, unit: Tensor) -> Tensor:
    """Where an exact result is closer to the middle between two numbers than float32, or the judge, can tell.

    Of 16-bit factors and a constant they are frequent: mish'(0) = 3/5 times a product of 15 binary digits is a tie for
    one product in a hundred, and for tiny x it is off a tie by less than any float32 arithmetic, or float64, knows.
    """
    from_tie = ((exact - nearest).abs() - unit / 2).abs()
    return from_tie <= 2 * torch.finfo(torch.float32).eps * exact.abs()


def by_parameter(descriptor: Descriptor, parameter: str) -> Definition:
    """The definition as a function of one of its parameters; what it calls input is the variable."""

    class Swap(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            node.id = {"x": "input", parameter: "x"}.get(node.id, node.id)
            return node

    return Definition(ast.unparse(Swap().visit(ast.parse(descriptor.definition, mode="eval"))))


def slope(definition: Definition, at: float, others: dict[str, float]) -> Any:
    """In multiprecision; of what has no Taylor series, a difference in so many digits that it is exact."""
    try:
        return definition.derivatives(at, 1, **others)[1]
    except TypeError:
        field = multiprecision()
        mp = field.mp
        with mp.workprec(2500):
            step, fixed = mp.ldexp(1, -600), {name: mp.mpf(v) for name, v in others.items()}
            return (definition(at + step, field, **fixed) - definition(at - step, field, **fixed)) / (2 * step)


def certify_parameters(
    names: list[str],
    device: str = "cpu",
    hard: int = 1_000,
    progress: Callable[[list], Iterator] = iter,
) -> list[Row]:
    """The rows of the derivatives by parameters, at the default ones: what one element of float32 adds to a sum.

    The CPU sums them in double, so the error of a sum of n is that of its terms, and 2**-53 n of the magnitudes' sum;
    CUDA computes them for their sum alone, whose error is 1e-6 of the magnitudes' sum; tiny terms may be off by more.

    Args: those of :func:`smoothact.certificate.certify`; all points are judged in multiprecision.
    """
    rows = []
    work = [(n, p) for n in names for p in catalogue[n].parameters if p.default is not None]
    for name, parameter in progress(work):
        descriptor = catalogue[name]
        # What the tensors hold: 0.1 is no float32.
        at_defaults = {
            p.name: torch.tensor(p.default, dtype=torch.float32).item()
            for p in descriptor.parameters
            if p.default is not None
        }
        others = {k: v for k, v in at_defaults.items() if k != parameter.name}
        definition = by_parameter(descriptor, parameter.name)
        kinks = {*descriptor.kinks, *descriptor.right_kinks}
        x = points(torch.float32, 8 * hard)
        x = x[torch.linspace(0, len(x) - 1, min(hard, len(x))).long()]
        x = x[[v not in kinks for v in x.tolist()]]
        p = torch.full_like(x, parameter.default, device=device).requires_grad_()
        given = [p if q.name == parameter.name else q.default for q in descriptor.parameters]
        tensors = [
            g if g is None or isinstance(g, Tensor) else torch.full((), g, dtype=torch.float32, device=device)
            for g in given
        ]
        y = getattr(torch.ops.smoothact, name).Tensor(x.to(device), *tensors, dim=0)
        got = torch.autograd.grad(y.sum(), p)[0].tolist()
        worst, at, right = -1.0, math.nan, 0
        for v, computed in zip(x.tolist(), got, strict=True):
            exact = slope(definition, at_defaults[parameter.name], {"input": v, **others})
            error = ulp_error(computed, exact, "float32")
            right += computed == rounded(exact, "float32")
            if error > worst:
                worst, at = error, v
        figures = (len(x), worst, at, right / len(x), None, None, None, 0)
        rows.append(Row(name, f"by {parameter.name}", "float32", *figures))
    return rows
