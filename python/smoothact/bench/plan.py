# SPDX-License-Identifier: Apache-2.0
"""Which cells a run measures, and about how long that takes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from smoothact.bench.cases import BLOCK, CALLS, CONTESTANTS, HALVING, LAYOUTS, SECONDS, SPECIAL, Cell
from smoothact.bench.timing import FEWEST, SLICE

DTYPES = ("float32", "bfloat16", "float16", "float64")
MEASURES = ("forward", "training", "backward", "call", "saved")
BASE = 2**18  # elements: input and output lie in L2
SIZES = (64, 2**12, BASE, 2**24)


@dataclass(frozen=True)
class Grid:
    """Every combination of these."""

    dtypes: tuple[str, ...] = DTYPES[:2]
    sizes: tuple[int, ...] = (BASE,)
    threads: tuple[int, ...] = (1,)
    layouts: tuple[str, ...] = ("contiguous",)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# All sizes, and around the base size one thing changed at a time.
AROUND = (Grid(threads=(min(2, cores()),)), Grid(layouts=tuple(LAYOUTS)))
GRIDS: dict[str, tuple[Grid, ...]] = {
    "forward": (Grid(sizes=SIZES), *AROUND),
    "training": (Grid(sizes=SIZES[1:]), *AROUND),  # that of 64 elements is among the calls
    "backward": (Grid(),),
    "call": (Grid(dtypes=("float32",), sizes=(64,)),),
    "saved": (Grid(),),
}
FIXED = {"call": ("sizes", "threads", "layouts"), "saved": ("threads", "layouts")}  # what these do not depend on
USUAL = ("forward", "training", "call", "saved")

PRESETS: dict[str, dict[str, tuple]] = {
    "quick": {"dtypes": ("float32",), "sizes": (BASE,), "threads": (1,), "layouts": ("contiguous",)}
    | {"measures": ("forward", "training")},
    "full": {"dtypes": DTYPES, "sizes": SIZES, "threads": tuple(sorted({1, cores()})), "layouts": tuple(LAYOUTS)}
    | {"measures": MEASURES},
}


def cells(names: Sequence[str], chosen: Mapping[str, tuple]) -> list[Cell]:
    """The usual cells, each axis in ``chosen`` replaced in every grid.

    Raises:
        ValueError: a layout or a gate cannot have one of the sizes.
    """
    found: dict[Cell, None] = {}
    axes = {axis: values for axis, values in chosen.items() if axis != "measures" and values}
    for name, measure in itertools.product(names, chosen.get("measures") or USUAL):
        for usual in GRIDS[measure]:
            grid = replace(usual, **{a: v for a, v in axes.items() if a not in FIXED.get(measure, ())})
            kinds = CALLS if measure == "call" else (measure,)
            for axis in itertools.product(grid.layouts, grid.threads, kinds, grid.dtypes, grid.sizes):
                layout, threads, kind, dtype, size = axis
                if name in HALVING and size % 2:
                    raise ValueError(f"--size: {size} elements have no halves for {name}; an even number has.")
                if name in SPECIAL and layout != "contiguous":
                    continue
                if layout != "contiguous" and size % BLOCK:
                    raise ValueError(f"--size: {size} elements cannot be {layout}; a multiple of {BLOCK} can.")
                found[Cell(name, kind, dtype, size, threads, layout)] = None
    return list(found)


def estimate(planned: Sequence[Cell], rounds: int, without: Collection[str]) -> float:
    """Seconds that the cells take on one core of an ordinary machine, about."""
    total, contestants = 0.0, len(set(CONTESTANTS) - set(without))
    for cell in planned:
        turns = contestants * max(SLICE, cell.size * (6e-9 if cell.tracked else 3e-9))
        if cell.measure != "saved":
            total += 3 * turns + min(rounds * turns, max(SECONDS, FEWEST * turns))
        if "compile" not in without:
            total += 1.0 if cell.tracked else 0.6
    return total
