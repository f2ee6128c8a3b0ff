# SPDX-License-Identifier: Apache-2.0
"""The demo's picture: how the runs trained, and what function they trained with."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import torch
from matplotlib.figure import Figure

from smoothact.cli.demo_train import Run
from smoothact.reference import derivatives

# Widest first: curves that coincide stay visible as nested bands.
STYLES = (("#56B4E9", 6.0), ("#E69F00", 3.2), ("#000000", 1.1))


def draw(name: str, runs: list[Run], path: Path) -> None:
    matplotlib.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.25})
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    loss, *curves = figure.subplots(1, 4, width_ratios=(2, 1, 1, 1))
    x = torch.linspace(-6, 6, 1201, dtype=torch.float64)
    styles = STYLES[-len(runs) :]
    for run, (colour, width) in zip(runs, styles, strict=True):
        label = f"{run.label}: {run.held_out:.4f}"
        loss.plot(range(1, len(run.losses) + 1), run.losses, color=colour, linewidth=width, label=label)
        for axes, values in zip(curves, derivatives(run.activation, x), strict=True):
            axes.plot(x, values, color=colour, linewidth=width)
    loss.set(title="training loss of each step", xlabel="step", ylabel="nats per byte")
    loss.legend(title="held-out loss after training", frameon=False)
    for axes, order in zip(curves, ("", "'", "''"), strict=True):
        axes.set(title=f"{name}{order}(x)", xlabel="x")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
