# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact bench``: time and memory beside torch eager, torch.compile, oneDNN and a copy.

Of activations; with ``--model`` of whole models (:mod:`smoothact.cli.bench_models`).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import torch

import smoothact
from smoothact._machine import environment, sentence
from smoothact.bench import report
from smoothact.bench.cases import LAYOUTS, SPECIAL, compiler, measure
from smoothact.bench.models import MODELS
from smoothact.bench.onednn import OneDNN
from smoothact.bench.plan import DTYPES, MEASURES, PRESETS, cells, cores, estimate
from smoothact.bench.timing import keep_freed_memory
from smoothact.cli import need

AXES = {"dtypes": "dtype", "sizes": "size", "threads": "threads", "layouts": "layout", "measures": "measure"}


def count(text: str) -> int:
    if not (match := re.fullmatch(r"([0-9_]+)(?:\*\*([0-9]{1,2}))?", text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number such as 262144 or 2**18")
    value = int(match[1]) ** int(match[2] or 1)
    if not 1 <= value <= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 2**31")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("names", nargs="*", metavar="NAME", help=f"activations (all), {', '.join(sorted(SPECIAL))}")
    again = {"action": "append", "default": []}
    option("--measure", choices=MEASURES, **again, help="again for more than one (all but backward)")
    option("--dtype", choices=DTYPES, **again, help="again for more than one (float32 and bfloat16)")
    option("--size", type=count, metavar="N", **again, help="elements, as 262144 or 2**18 (2**6, 2**12, 2**18, 2**24)")
    option("--threads", type=count, metavar="N", **again, help="again for more than one (1; of 2**18 elements also 2)")
    option("--layout", choices=LAYOUTS, **again, help="again for more than one (of 2**18 elements all)")
    option("--device", default="cpu", help="cpu or cuda (%(default)s)")
    option("--without", choices=("compile", "onednn", "liger"), **again, help="leave a contestant out")
    option("--onednn", metavar="PATH", help="the libdnnl to load (the one installed)")
    option("--rounds", type=count, metavar="N", help="turns of every contestant (30, of a model 10)")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="float32, 2**18 elements, contiguous, one thread")
    extent.add_argument("--full", action="store_true", help="every combination: hours")
    option("--output", type=Path, metavar="FOLDER", help="writes bench.md, .csv and .png there, or models.md, ...")
    option("--model", choices=MODELS, metavar="NAME", **again, help=f"a model's training step: {', '.join(MODELS)}")
    option("--batch", type=count, metavar="N", help="of a model, instead of its usual one")
    option("--sequence", type=count, metavar="N", help="of a model, instead of its usual one")


def compile_problem(device: str) -> str:
    """Why torch.compile does not work here; empty if it does. Also pays for what only the first compilation costs."""
    try:
        with compiler():
            torch.compile(torch.relu, fullgraph=True)(torch.zeros(64, device=device))
    except Exception as problem:  # a compiler that is missing shows as one of many kinds of error
        lines = [line for line in str(problem).splitlines() if line.strip() and not line.endswith("raised:")]
        return lines[0] if lines else type(problem).__name__
    return ""


def leave_out_compile(arguments: argparse.Namespace) -> set[str]:
    """Who is left out: what was asked for, and torch.compile where it does not work, which is said."""
    without = set(arguments.without)
    if "compile" not in without and (problem := compile_problem(arguments.device)):
        print(f"torch.compile does not work here and is left out: {problem}", file=sys.stderr)
        without.add("compile")
    return without


def usable(arguments: argparse.Namespace, file: str) -> None:
    """Tries what would fail only after the measurements.

    Raises:
        RuntimeError, AssertionError, OSError: the device or the folder is not to be had; the first line says why.
    """
    torch.zeros(1, device=arguments.device)
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / file).touch()


def conditions(device: str, **versions: str) -> dict[str, str]:
    # With others on the cores, several threads wait for one another and measure that.
    return environment(device) | versions | {"load before": f"{os.getloadavg()[0]:.1f} on {cores()} cores"}


def setup(arguments: argparse.Namespace) -> SimpleNamespace:
    """What the run needs.

    Raises:
        ValueError, RuntimeError, AssertionError, OSError: it cannot be had; the first line says why.
    """
    if arguments.batch or arguments.sequence:
        raise ValueError("--batch and --sequence are of a --model; activations have a --size.")
    resolve = smoothact.catalogue.resolve
    names = [name if name in SPECIAL else resolve(name).at_defaults().name for name in arguments.names]
    names = names or list(smoothact.catalogue)
    usable(arguments, "bench.csv")
    preset = PRESETS["quick"] if arguments.quick else PRESETS["full"] if arguments.full else {}
    chosen = {axis: tuple(getattr(arguments, option)) or preset.get(axis, ()) for axis, option in AXES.items()}
    if arguments.device != "cpu":
        chosen["threads"] = (1,)
    wanted = arguments.device == "cpu" and "onednn" not in arguments.without
    return SimpleNamespace(
        cells=cells(list(dict.fromkeys(names)), chosen),
        library=OneDNN.find(arguments.onednn) if wanted else None,
    )


def run(arguments: argparse.Namespace) -> int:
    extras = ("matplotlib", "tqdm") if arguments.output else ("tqdm",)
    if missing := need(*extras, extra="plot"):
        print(missing)
        return 1
    if arguments.model:
        from smoothact.cli.bench_models import run as run_models

        return run_models(arguments)
    from tqdm import tqdm

    try:
        todo = setup(arguments)
    except (ValueError, RuntimeError, AssertionError, OSError) as problem:
        print(str(problem).splitlines()[0])
        return 2
    peer = {"oneDNN": todo.library.version} if todo.library else {}
    about, rounds = conditions(arguments.device, **peer), arguments.rounds or 30
    there = {"onednn": todo.library is not None, "liger": arguments.device != "cpu"}
    absent = set(arguments.without) | {who for who, is_there in there.items() if not is_there}
    minutes = estimate(todo.cells, rounds, absent) / 60
    print(f"{len(todo.cells)} cells, about {max(1, round(minutes))} min", file=sys.stderr)
    without = leave_out_compile(arguments)
    keep_freed_memory()
    rows = []
    with tqdm(todo.cells, unit="cell") as bar:
        for cell in bar:
            bar.set_description(f"{cell.op} {cell.measure}")
            options = {"rounds": rounds, "without": without, "library": todo.library}
            rows.append(measure(cell, device=arguments.device, **options))
    text = report.as_markdown(rows, sentence(about))
    print(text, end="")
    if arguments.output:
        from smoothact.bench.plot import draw

        (arguments.output / "bench.md").write_text(text)
        (arguments.output / "bench.csv").write_text(report.as_csv(rows))
        draw(rows, sentence(about), arguments.output / "bench.png")
    return 0
