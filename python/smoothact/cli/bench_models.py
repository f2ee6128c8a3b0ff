# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact bench --model NAME``: a training step of a whole model."""

from __future__ import annotations

import argparse
import itertools
import sys
from importlib.metadata import version

import smoothact.bench.models_report as report
from smoothact._machine import sentence
from smoothact.bench.models import MODELS, configured
from smoothact.bench.report import as_csv
from smoothact.bench.timing import keep_freed_memory
from smoothact.bench.training import Situation, measure
from smoothact.cli import need

OF_ACTIVATIONS = ("names", "measure", "size", "layout", "onednn", "quick", "full")


def situations(arguments: argparse.Namespace) -> list[Situation]:
    """Every combination of what was asked for.

    Raises:
        ValueError: an option is of activations alone, or a model cannot have that sequence.
    """
    for name in OF_ACTIVATIONS:
        if getattr(arguments, name):
            what = "an activation's NAME" if name == "names" else f"--{name}"
            raise ValueError(f"--model: {what} does not go with it; --dtype, --threads, --batch and --sequence do.")
    for model in arguments.model:
        configured(MODELS[model], arguments.sequence)
    axes = (arguments.model, arguments.dtype or ["float32"], arguments.threads or [1])
    return [
        Situation(model, dtype, arguments.batch, arguments.sequence, threads)
        for model, dtype, threads in itertools.product(*map(dict.fromkeys, axes))
    ]


def run(arguments: argparse.Namespace) -> int:
    from smoothact.cli.bench import conditions, leave_out_compile, usable

    if missing := need("transformers", extra="transformers"):
        print(missing)
        return 1
    from tqdm import tqdm

    try:
        todo = situations(arguments)
        usable(arguments, "models.csv")
        about = conditions(arguments.device, transformers=version("transformers"))
    except (ValueError, RuntimeError, AssertionError, OSError) as problem:
        print(str(problem).splitlines()[0])
        return 2
    options = {"device": arguments.device, "rounds": arguments.rounds or 10, "without": leave_out_compile(arguments)}
    keep_freed_memory()
    rows, failed = [], False
    for situation in todo:
        try:
            rows += measure(situation, **options, progress=tqdm)
        except RuntimeError as problem:
            failed = True
            print(f"{situation.model}: {str(problem).splitlines()[0]}", file=sys.stderr)
    text = report.as_markdown(rows, sentence(about))
    print(text, end="")
    if arguments.output:
        from smoothact.bench.models_plot import draw

        (arguments.output / "models.md").write_text(text)
        (arguments.output / "models.csv").write_text(as_csv(rows, report.COLUMNS))
        draw(rows, sentence(about), arguments.output / "models.png")
    return int(failed)
