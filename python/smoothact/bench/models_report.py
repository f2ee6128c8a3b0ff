# SPDX-License-Identifier: Apache-2.0
"""What a run over models found, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smoothact._report import table
from smoothact.bench.report import Row, times
from smoothact.bench.training import OWN, RECOMPUTE

AXES = ("model", "dtype", "batch", "sequence", "threads")
COLUMNS = (*AXES, "contestant", "compiled", "step", "median", "saved", "peak", "difference")
LABELS = {OWN: "Transformers", "torch": "torch's built-in", "liger": "Liger", RECOMPUTE: "smoothact, recompute"}
LEGEND = """\
A step is forward and backward, without an optimizer, which would be the same for all; the models have random weights,
and share them. Times are interleaved, all contestants side by side in one run. `times` is Transformers' own fastest
step over this one, eager over eager and compiled over compiled: above 1 this one is faster. `saved` are the tensors
that the forward pass keeps for backward, parameters aside; `peak` is the most that a step holds at once, parameters
aside: those tensors, gradients, and what is computed with. The percentages are of Transformers' own in the same mode.
`torch's built-in` is nn.GELU in the place of Transformers' formula in Python. Before it was timed, every contestant's
loss and gradients were compared with those of Transformers' own."""


def label(row: Row) -> str:
    return LABELS.get(row["contestant"], row["contestant"]) + ", compiled" * row["compiled"]


def title(row: Row) -> str:
    """Where a row was measured."""
    size = str(row["batch"]) + (f" x {row['sequence']}" if row["sequence"] else "")
    return f"{row['model']}, {row['dtype']}, {size}, {row['threads']} thread{'s' * (row['threads'] > 1)}"


def situations(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(title(row), []).append(row)
    return found


def own(row: Row, group: Sequence[Row]) -> Row:
    """Transformers' own in the same mode."""
    return next(r for r in group if r["contestant"] == OWN and r["compiled"] == row["compiled"])


def against_own(row: Row, group: Sequence[Row]) -> Iterator[str]:
    """Of step, saved and peak: what they come to beside Transformers' own."""
    unit = own(row, group)
    alone = row is unit
    yield "" if alone else times(unit["step"] / row["step"])
    for what in ("saved", "peak"):
        yield "" if alone or not unit[what] else f"{100 * (row[what] / unit[what] - 1):+.1f} %".replace("-", "−")


def figures(group: Sequence[Row]) -> str:
    lines = []
    for row in group:
        faster, saved, peak = against_own(row, group)
        clock = [f"{1e3 * row[what]:,.1f} ms" for what in ("step", "median")]
        sizes = [f"{row[what] / 2**20:,.1f} MiB" for what in ("saved", "peak")]
        lines.append([label(row), *clock, faster, sizes[0], saved, sizes[1], peak])
    return table(["", "step, fastest", "step, median", "times", "saved", "", "peak", ""], lines)


def as_markdown(rows: Sequence[Row], about: str) -> str:
    text = ["# Benchmark of models", "", about, "", LEGEND]
    for words, group in situations(rows).items():
        text += ["", f"## {words}", "", figures(group)]
    return "\n".join(text) + "\n"
