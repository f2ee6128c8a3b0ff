# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact demo``: one small GPT, trained once per spelling of its activation."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor

import smoothact
from smoothact.cli import need
from smoothact.cli.demo_train import Run, train
from smoothact.reference import BUILTIN, textbook

AGREEMENT = 1e-4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--activation", default="gelu_tanh", metavar="NAME", help="any of the catalogue (%(default)s)")
    option("--steps", type=int, default=300, metavar="N", help="training steps of each run (%(default)s)")
    option("--seed", type=int, default=0, metavar="N", help="of weights and batches (%(default)s)")
    option("--device", default="cpu", help="cpu or cuda (%(default)s)")
    option("--output", type=Path, default=Path("out"), metavar="PATH", help="picture or folder (%(default)s)")


def gelu_new(x: Tensor) -> Tensor:
    """As Transformers writes it."""
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


def spellings(name: str) -> list[Run]:
    """The activation as a chain of torch operations, as torch's built-in where there is one, and ours."""
    runs = []
    try:
        chain = gelu_new if name == "gelu_tanh" else textbook(smoothact.catalogue[name])
        runs.append(Run("chain of torch ops", chain))
    except ValueError as problem:
        print(f"{name} has no chain of torch operations, so that run is left out: {problem}")
    if name in BUILTIN:
        runs.append(Run("torch built-in", BUILTIN[name]))
    else:
        print(f"torch has no built-in {name}, so that run is left out.")
    runs.append(Run("smoothact", getattr(smoothact.functional, name)))
    return runs


def table(runs: list[Run]) -> str:
    """One row per run; the first run is the unit of the ratios."""
    unit = runs[0]
    rows = [("", "held-out loss", "step, median", "step, fastest", "ratio", "saved for backward", "ratio")]
    for run in runs:
        rows.append(
            (
                run.label,
                f"{run.held_out:.6f}",
                f"{1e3 * run.median:.1f} ms",
                f"{1e3 * min(run.seconds):.1f} ms",
                f"{run.median / unit.median:.3f}",
                f"{run.saved_bytes / 2**20:.1f} MiB",
                f"{run.saved_bytes / unit.saved_bytes:.3f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    form = f"{{:<{widths[0]}}}" + "".join(f"  {{:>{width}}}" for width in widths[1:])
    head, *body = (form.format(*row) for row in rows)
    return "\n".join([head, "─" * len(head), *body])


def verdict(runs: list[Run]) -> str:
    """Whether the spellings trained the same model."""
    losses = [run.held_out for run in runs]
    spread = (max(losses) - min(losses)) / abs(min(losses))
    word = "agree" if spread <= AGREEMENT else "DO NOT agree"
    return f"The losses {word} to {AGREEMENT:g}: largest relative difference {spread:.1e}."


def unusable(arguments: argparse.Namespace, path: Path) -> str | None:
    """What would fail only after minutes of training."""
    from matplotlib.figure import Figure

    if arguments.steps < 1:
        return f"--steps must be at least 1, got {arguments.steps}."
    try:
        torch.zeros(1, device=arguments.device)
    except (RuntimeError, AssertionError) as problem:
        return f"--device {arguments.device}: {str(problem).splitlines()[0]}"
    if path.suffix[1:] not in (formats := Figure().canvas.get_supported_filetypes()):
        return f"--output: no picture format {path.suffix!r}; known are {', '.join(sorted(formats))}."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as problem:
        return f"--output: {problem}"
    return None


def run(arguments: argparse.Namespace) -> int:
    missing = need("matplotlib", "tqdm", extra="plot")
    if missing is None:
        from tqdm import tqdm

        from smoothact.cli.demo_plot import draw
    else:
        print(missing)
        return 1
    try:
        name = smoothact.catalogue.resolve(arguments.activation).at_defaults().name
    except ValueError as problem:
        print(problem)
        return 2
    path = arguments.output if arguments.output.suffix else arguments.output / f"demo-{name}.png"
    if problem := unusable(arguments, path):
        print(problem)
        return 2
    runs = spellings(name)
    start = time.perf_counter()
    print(f"{name} on {arguments.device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    train(runs, arguments.steps, arguments.seed, arguments.device, tqdm)
    print("\n" + table(runs))
    print("Loss in nats per byte; saved: per step, parameters left out; ratios to the first row.")
    print(verdict(runs))
    draw(name, runs, path)
    print(f"Picture: {path.resolve()} ({time.perf_counter() - start:.0f} s in all)")
    return 0
