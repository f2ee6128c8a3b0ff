# SPDX-License-Identifier: Apache-2.0
"""Draws docs/images/activations.png: f, f' and f'' of every activation, computed by the package."""

from pathlib import Path

import smoothact
import torch
from matplotlib.figure import Figure
from smoothact.reference import derivatives

COLUMNS = 7
# Where f' and f'' coincide, the wide curve shows around the narrow one.
STYLES = (("#0b2545", 2.0, "f"), ("#e4572e", 1.3, "f'"), ("#a9c1dc", 2.6, "f''"))


def segments(x: torch.Tensor, kinks: tuple[float, ...]) -> torch.Tensor:
    """A NaN at every kink, so that a jump is drawn as a gap."""
    at_kink = sum((x - k).abs() < 1e-9 for k in kinks) if kinks else torch.zeros_like(x)
    return torch.where(at_kink > 0, torch.nan, x)


def main() -> None:
    names = list(smoothact.catalogue)
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(2 * COLUMNS, 1.95 * rows), layout="constrained")
    grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).flatten()
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)
    for axes, name in zip(grid, names, strict=False):
        descriptor = smoothact.catalogue[name]
        at = segments(x, descriptor.kinks if descriptor.smoothness < 1 else (0.0,) * (descriptor.smoothness < 2))
        curves = derivatives(getattr(smoothact.functional, name), at)
        for values, (colour, width, label) in zip(curves, STYLES, strict=True):
            axes.plot(x, values, color=colour, linewidth=width, label=label, zorder=6 - width)
        axes.set_title(name, fontsize=11, family="monospace")
        axes.axhline(0, color="#cccccc", linewidth=0.6, zorder=0)
        axes.axvline(0, color="#cccccc", linewidth=0.6, zorder=0)
        axes.set(xlim=(-4, 4), ylim=(-1.6, 2.4), xticks=(-3, 0, 3), yticks=(-1, 0, 1, 2))
        axes.tick_params(labelsize=8, length=2)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    grid[0].legend(frameon=False, fontsize=9, loc="upper left", handlelength=1.2)
    path = Path(__file__).parent / "images/activations.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110, pil_kwargs={"optimize": True})
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
