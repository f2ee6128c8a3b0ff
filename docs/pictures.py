# SPDX-License-Identifier: Apache-2.0
"""The curves of an activation, computed by the package: one plot per page, one thumbnail per card."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import smoothact
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from smoothact.card import Card
from smoothact.reference import derivatives
from torch import Tensor

# Mid tones, legible on white and on black alike. Where f' and f'' coincide, the wide curve shows around the narrow one.
STYLES = (("#2f7fd0", 2.0, "f"), ("#e4572e", 1.4, "f'"), ("#9a86c8", 2.6, "f''"))
GATE = ("#2a9d6f", 1.4, "gate, f / x")
GREY = "#8a8f98"
SPAN = 4.5

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "smoothact", "font.family": "sans-serif"})


def points(card: Card, span: float = SPAN, count: int = 801) -> Tensor:
    """A NaN at every jump, so that it is drawn as a gap."""
    x = torch.linspace(-span, span, count, dtype=torch.float64)
    for jump in card.jumps:
        x = torch.where((x - jump.at).abs() < span / count, torch.nan, x)
    return x


def curves(card: Card, x: Tensor) -> tuple[Tensor, ...]:
    return derivatives(getattr(smoothact.functional, card.name), x)


def frame(values: list[Tensor], lowest: float = -2.2, highest: float = 3.2) -> tuple[float, float]:
    """The heights between which everything of interest lies, and 0."""
    finite = torch.cat([v[v.isfinite()] for v in values])
    low, high = max(finite.min().item(), lowest), min(finite.max().item(), highest)
    margin = 0.08 * max(high - low, 0.5)
    return min(low, 0.0) - margin, max(high, 0.0) + margin


def bare(axes: Axes) -> None:
    axes.patch.set_alpha(0)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.axhline(0, color=GREY, linewidth=0.7, alpha=0.6, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.7, alpha=0.6, zorder=0)


def plot(card: Card, path: Path) -> None:
    """f, f', f'' and, of a gate, the gate."""
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    bare(axes)
    x = points(card)
    values = list(curves(card, x))
    styles = list(STYLES)
    if smoothact.catalogue[card.name].kind == "gate":
        values.append(torch.where(x == 0, values[1], values[0] / x))
        styles.append(GATE)
    for y, (colour, width, label) in zip(values, styles, strict=True):
        dashes = {"dashes": (5, 2)} if label == GATE[2] else {}
        axes.plot(x, y, color=colour, linewidth=width, label=label, zorder=6 - width, **dashes)
    axes.set(xlim=(-SPAN, SPAN), ylim=frame(values))
    axes.tick_params(labelsize=9, length=0, colors=GREY)
    axes.grid(color=GREY, alpha=0.18, linewidth=0.6)
    figure.legend(loc="outside upper center", ncols=len(styles), frameon=False, fontsize=11, labelcolor=GREY)
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})


def thumbnail(card: Card, path: Path) -> None:
    """f and f', without words."""
    figure = Figure(figsize=(1.9, 1.25))
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0.02, 0.03, 0.96, 0.94))
    bare(axes)
    x = points(card, count=301)
    values = list(curves(card, x)[:2])
    for y, (colour, width, _) in zip(values, STYLES, strict=False):
        axes.plot(x, y, color=colour, linewidth=width, zorder=6 - width)
    axes.set(xlim=(-SPAN, SPAN), ylim=(-1.6, 2.6), xticks=(), yticks=())
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
