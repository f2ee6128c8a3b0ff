# SPDX-License-Identifier: Apache-2.0
"""The table of steps and constructions: what theory.json expects in its cells, and what the catalogue puts there.

A cell belongs to an activation whose textbook formula is that construction on that step, up to the sharpness k; this
is found by evaluating both.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import smoothact
import torch
from formulas import latex
from smoothact.reference import derivatives, formula, textbook
from torch import Tensor

Function = Callable[[Tensor], Tensor]
CONSTRUCTIONS = {"sign": "2H − 1", "gate": "x·H", "integral": "∫H", "half_abs": "½(x + A)"}
COLUMNS = {"steps": ("sign", "gate", "integral"), "smooth_abs": ("half_abs",)}
WORDS = {
    "sign": "the sign version of {}",
    "gate": "the gate of {}",
    "integral": "the integral of {}",
    "half_abs": "half of x and the smooth absolute value {}",
}
GRID = torch.linspace(-16, 16, 322, dtype=torch.float64)  # without 0
EPSILON = 1e-9


@functools.cache
def known(name: str) -> str | None:
    """The activation of this name or alias in the catalogue."""
    aliases = {alias: d.name for d in smoothact.catalogue.values() for alias in d.aliases}
    return name if name in smoothact.catalogue else aliases.get(name)


def _data() -> dict[str, list[dict[str, str]]]:
    """theory.json, and the steps and smooth absolute values of the catalogue that it leaves out."""
    data = json.loads((Path(__file__).parent / "theory.json").read_text())
    for table, kind in (("steps", "step"), ("smooth_abs", "smooth_abs")):
        listed = {known(row["name"]) for row in data[table]}
        data[table] += [
            {"name": d.name} for d in smoothact.catalogue.values() if d.kind == kind and d.name not in listed
        ]
    return data


DATA = _data()


@dataclass(frozen=True)
class Place:
    """An activation as a construction on a step, or on a smooth absolute value, of sharpness k."""

    activation: str
    construction: str
    base: str
    sharpness: float


def definition(row: dict[str, str]) -> str:
    found = known(row["name"])
    return smoothact.catalogue[found].definition if found else row["definition"]


def base(row: dict[str, str]) -> Function | None:
    """The step itself; None where its formula takes more than reference.py knows."""
    if found := known(row["name"]):
        return textbook(smoothact.catalogue[found])
    try:
        function = formula(row["definition"])
    except ValueError:
        return None
    return lambda x: function(x) + 0 * x  # constants are differentiated too


class Sample(NamedTuple):
    """f, f' and f''."""

    at_zero: tuple[Tensor, ...]
    on_grid: tuple[Tensor, ...]


def sample(f: Function) -> Sample:
    return Sample(derivatives(f, torch.zeros(1, dtype=torch.float64)), derivatives(f, GRID))


def sharpness(construction: str, f: tuple[Tensor, ...], h: tuple[Tensor, ...]) -> float:
    """From the derivatives at 0, where H(kx) has the slope k·H'(0)."""
    ours, its = {
        "sign": (f[1] / 2, h[1]),
        "gate": (f[2] / 2, h[1]),
        "integral": (f[2], h[1]),
        "half_abs": (2 * f[2], h[2]),
    }[construction]
    k = (ours / its).item()
    return k if math.isfinite(k) and k > 0 else 1.0


def fits(construction: str, f: Sample, h: Sample, step: Function) -> float | None:
    """The sharpness at which f is the construction on the step, if it is."""
    k = sharpness(construction, f.at_zero, h.at_zero)
    value, slope, _ = f.on_grid
    should = {
        "sign": (value + 1) / 2,
        "gate": value / GRID,
        "integral": slope,
        "half_abs": k * (2 * value - GRID),
    }[construction]
    off = (should - step(k * GRID)).abs() / (1 + should.abs())
    return k if off.max() < EPSILON else None


@functools.cache
def places() -> tuple[Place, ...]:
    """Every cell that the catalogue fills."""
    samples = {name: sample(textbook(descriptor)) for name, descriptor in smoothact.catalogue.items()}
    found = []
    for table, constructions in COLUMNS.items():
        for row in DATA[table]:
            if (step := base(row)) is None:
                continue
            h = sample(step)
            for (name, f), construction in itertools.product(samples.items(), constructions):
                k = fits(construction, f, h, step)
                if k is not None and name != known(row["name"]):
                    found.append(Place(name, construction, row["name"], k))
    return tuple(found)


def link(name: str, folder: str = "activations/") -> str:
    return f"[`{known(name)}`]({folder}{known(name)}.md)" if known(name) else f"`{name}`"


def formula_of(row: dict[str, str]) -> str:
    r"""For a table's cell, which \| would end."""
    return rf"$\displaystyle {latex(definition(row))}$".replace("|", r"\vert ")


def cell(row: dict[str, str], construction: str) -> str:
    there = [p.activation for p in places() if (p.base, p.construction) == (row["name"], construction)]
    expected = row.get(construction, "")
    if " " in expected:
        return expected
    if expected and (known(expected) or expected) not in there:
        there.insert(0, expected)
    return ", ".join(map(link, there)) or "–"


def table(which: str) -> Iterator[list[str]]:
    """The head, then a row per step or smooth absolute value."""
    first = "smooth \\|x\\|, A" if which == "smooth_abs" else "step H"
    yield [first, "formula", *(CONSTRUCTIONS[c] for c in COLUMNS[which])]
    for row in DATA[which]:
        yield [link(row["name"]), formula_of(row), *(cell(row, c) for c in COLUMNS[which])]


def remarks() -> Iterator[str]:
    for row in DATA["steps"]:
        if "remark" in row:
            yield f"- {link(row['name'])}: {row['remark']}"
