# SPDX-License-Identifier: Apache-2.0
"""The benchmark's picture: time per element over the size, and how many times faster each function is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from smoothact.bench.plan import BASE
from smoothact.bench.report import LABELS, OURS, RIVALS, Row, ratios

# Okabe and Ito's colours, told apart by markers as well.
STYLES = {
    OURS: ("#000000", "o", 2.2),
    "eager": ("#E69F00", "s", 1.4),
    "compile": ("#56B4E9", "^", 1.4),
    "onednn": ("#CC79A7", "D", 1.4),
    "liger": ("#D55E00", "v", 1.4),
    "copy": ("#999999", "x", 1.0),
}
CURVES = ("silu", "gelu_tanh", "mish")


def usual(rows: Sequence[Row]) -> list[Row]:
    """The forward passes of one dtype, thread and layout: those of the first row."""
    forward = [row for row in rows if row["measure"] == "forward"]
    axes = ("dtype", "threads", "layout")
    return [row for row in forward if all(row[axis] == forward[0][axis] for axis in axes)]


def curves(axes: Axes, rows: Sequence[Row], name: str) -> None:
    rows = sorted((row for row in rows if row["op"] == name), key=lambda row: row["size"])
    for who, (colour, marker, width) in STYLES.items():
        points = [(row["size"], row[who]) for row in rows if who in row]
        if points:
            label = LABELS.get(who, who)
            axes.plot(
                *zip(*points, strict=True), color=colour, marker=marker, markersize=4, linewidth=width, label=label
            )
    sizes = sorted({row["size"] for row in rows})
    axes.set(title=name, xlabel="elements", xscale="log", yscale="log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}" if n < 1e6 else f"{n / 2**20:.0f} M"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda t, _: f"{t:g}"))


def bars(axes: Axes, rows: Sequence[Row]) -> None:
    """On a logarithmic axis from 1, so that twice as fast and half as fast are as long."""
    names = list(dict.fromkeys(row["op"] for row in rows))
    there = [rival for rival in RIVALS if any(rival in row for row in rows)]
    height = 0.8 / len(there)
    for index, rival in enumerate(there):
        found = ratios(rows, rival)
        places = [names.index(name) + (index - (len(there) - 1) / 2) * height for name in found]
        widths = [value - 1 for value in found.values()]
        label = f"over {LABELS.get(rival, rival)}"
        axes.barh(places, widths, height=0.9 * height, left=1, color=STYLES[rival][0], label=label)
        for place, value in zip(places, found.values(), strict=True):
            beyond = (3, "left") if value >= 1 else (-3, "right")
            axes.annotate(
                f"{value:.1f}" if value >= 1.95 else f"{value:.2f}",
                (value, place),
                xytext=(beyond[0], 0),
                textcoords="offset points",
                ha=beyond[1],
                va="center",
                fontsize=6.5,
            )
    axes.axvline(1, color="black", linewidth=0.8)
    reach = [value for rival in there for value in ratios(rows, rival).values()]
    axes.set(xscale="log", xlim=(min([0.8, *reach]) / 1.25, max([2, *reach]) * 1.3), ylim=(len(names) - 0.4, -0.6))
    axes.xaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4, 8, 16, 32]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda r, _: f"{r:g} x"))
    axes.set_yticks(range(len(names)), names)
    axes.grid(axis="y", visible=False)


def draw(rows: Sequence[Row], about: str, path: Path) -> bool:
    """False where there is nothing to draw: no forward pass was measured."""
    if not any(row["measure"] == "forward" for row in rows):
        return False
    rows = usual(rows)
    names = list(dict.fromkeys(row["op"] for row in rows))
    chosen = [name for name in CURVES if name in names] or names[:3]
    sizes = {row["size"] for row in rows}
    base = BASE if BASE in sizes else max(sizes)
    matplotlib.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.25, "axes.axisbelow": True})
    figure = Figure(figsize=(3 * len(chosen) + 5.5, max(4.2, 1.2 + 0.36 * len(names))), layout="constrained")
    *left, right = figure.subplots(1, len(chosen) + 1, width_ratios=[1] * len(chosen) + [1.7])
    for axes, name in zip(left, chosen, strict=True):
        curves(axes, rows, name)
        if axes is not left[0]:
            axes.sharey(left[0])
            axes.tick_params(labelleft=False)
    left[0].set_ylabel("ns per element")
    left[0].legend(frameon=False, fontsize=8)
    bars(right, [row for row in rows if row["size"] == base])
    right.set(title=f"times faster, {base:,} elements")
    right.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.05), ncols=3)
    threads = rows[0]["threads"]
    where = f"forward, {rows[0]['dtype']}, {rows[0]['layout']}, {threads} thread{'s' if threads > 1 else ''}"
    figure.suptitle(f"{where}\n{about.rstrip('.')}", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return True
