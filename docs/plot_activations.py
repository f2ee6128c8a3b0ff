# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/activations.png, the README's gallery: f, f' and f'' of every activation."""

from pathlib import Path

import smoothact
from matplotlib.figure import Figure
from pictures import GREY, STYLES, bare, curves, points

COLUMNS = 10
SPAN = 4.0


def main() -> None:
    names = list(smoothact.catalogue)
    columns = min(COLUMNS, 7 if len(names) < 30 else COLUMNS)
    rows = -(-len(names) // columns)
    width = 14.0
    figure = Figure(figsize=(width, (width / columns) * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axes in grid:
        axes.set_axis_off()
    for axes, name in zip(grid, names, strict=False):
        card = smoothact.catalogue[name].card
        axes.set_axis_on()
        bare(axes)
        x = points(card, SPAN)
        for values, (colour, line, label) in zip(curves(card, x), STYLES, strict=True):
            axes.plot(x, values, color=colour, linewidth=0.8 * line, label=label, zorder=6 - line)
        axes.set_title(name, fontsize=10 if len(name) < 14 else 8, family="monospace", color=GREY)
        axes.set(xlim=(-SPAN, SPAN), ylim=(-1.9, 2.6), xticks=(), yticks=())
    grid[0].legend(frameon=False, fontsize=8, loc="upper left", handlelength=1.2, labelcolor=GREY)
    path = Path(__file__).parent / "images/activations.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=100, transparent=True, pil_kwargs={"optimize": True})
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
