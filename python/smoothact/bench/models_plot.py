# SPDX-License-Identifier: Apache-2.0
"""The picture of a run over models: step, saved and peak of every contestant as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from smoothact.bench.models_report import label, situations
from smoothact.bench.plot import STYLES
from smoothact.bench.report import Row
from smoothact.bench.training import OURS, OWN, RECOMPUTE

COLOURS = {OWN: STYLES["eager"][0], "torch": STYLES["compile"][0], "liger": STYLES["liger"][0], OURS: STYLES[OURS][0]}
COLOURS[RECOMPUTE] = COLOURS[OURS]
PANELS = (("step", 1e3, "ms"), ("saved", 2**-20, "MiB"), ("peak", 2**-20, "MiB"))


def bars(axes: Axes, group: Sequence[Row], what: str, scale: float) -> None:
    """Compiled ones are hatched."""
    values = [scale * row[what] for row in group]
    colours = [COLOURS[row["contestant"]] for row in group]
    hatches = ["////" if row["compiled"] else "" for row in group]
    drawn = axes.barh(range(len(group)), values, height=0.72, color=colours, hatch=hatches, edgecolor="white")
    axes.bar_label(drawn, [f"{value:,.0f}" for value in values], padding=3, fontsize=8)
    axes.set(xlim=(0, 1.18 * max([1e-9, *values])), ylim=(len(group) - 0.4, -0.6))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_yticks(range(len(group)), [label(row) for row in group])
    axes.grid(axis="y", visible=False)


def draw(rows: Sequence[Row], about: str, path: Path) -> None:
    matplotlib.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.25, "axes.axisbelow": True})
    found = situations(rows)
    heights = [0.9 + 0.3 * len(group) for group in found.values()]
    figure = Figure(figsize=(12, 0.6 + sum(heights)), layout="constrained")
    grid = figure.subplots(len(found), len(PANELS), squeeze=False, sharey="row", height_ratios=heights)
    for line, (words, group) in zip(grid, found.items(), strict=True):
        for axes, (what, scale, unit) in zip(line, PANELS, strict=True):
            bars(axes, group, what, scale)
            axes.set_title(f"{what}, {unit}")
        line[0].set_title(f"{words}: {line[0].get_title()}", loc="left")
        line[0].set_title("")
    figure.suptitle(about.rstrip("."), fontsize=9)
    figure.savefig(path, dpi=150)
