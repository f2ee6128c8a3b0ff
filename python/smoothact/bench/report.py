# SPDX-License-Identifier: Apache-2.0
"""What a run found, as CSV and as Markdown: geometric means, losses, and every figure."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from smoothact._report import table
from smoothact.bench.cases import CALLS, CONTESTANTS, Cell
from smoothact.bench.timing import MMAPPED
from smoothact.reference import BUILTIN

OURS, RIVALS = "smoothact", ("eager", "compile", "onednn", "liger")
FLOOR = 0.97  # what two runs of the same code differ by; a smaller ratio is a loss
NAMED = (
    "mish", "silu", "gelu", "gelu_tanh", "softplus", "elu", "selu", "sigmoid", "tanh", "softsign", "squareplus",
)  # fmt: skip
LABELS = {"compile": "torch.compile", "onednn": "oneDNN", "liger": "Liger"}
TITLES = {
    "forward": "Forward, ns per element",
    "training": "Forward and backward through autograd, ns per element",
    "backward": "Backward through autograd, ns per element",
    "call": "A call of 64 elements, µs",
    "call with grad": "A call of 64 elements that records its gradient, µs",
    "call with backward": "A call of 64 elements and its backward, µs",
    "saved": "Kept for backward, bytes per element",
}
LEGEND = f"""\
Interleaved minima, all contestants side by side in one run. `eager` is torch's own function, or with * the textbook
formula where torch has none; `torch.compile` is that function compiled for the size; `oneDNN` is its primitive, made
beforehand, and so is its output up to {MMAPPED >> 20} MiB (beyond, on fresh pages, which cost more than the
arithmetic; ours are large ones), without autograd; `Liger` is its Triton kernel of a packed gate; `copy` is `clone`,
and for backward `add`: what reads and writes as much. A ratio is the contestant's figure over ours: above 1 ours is
better, below {FLOOR} it is a loss. `sliced` is the left half of rows of up to 2,048, `strided` every second element.
The elements of a gate are those of gate and up together, and its `copy` is a `clone` of as many bytes. What is
`learned` has a parameter for each of up to 512 channels."""

COLUMNS = (*(field.name for field in fields(Cell)), "unit", *CONTESTANTS)

Row = Mapping[str, Any]


def as_csv(rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()})
    return out.getvalue()


def ratio(row: Row, rival: str) -> float | None:
    """Above 1 where ours is better; None where the rival is not there."""
    if rival not in row:
        return None
    ours, theirs = row[OURS], row[rival]
    return theirs / ours if ours else (1.0 if not theirs else math.inf)


def ratios(rows: Iterable[Row], rival: str) -> dict[str, float]:
    return {row["op"]: r for row in rows if (r := ratio(row, rival)) is not None}


def mean(values: Iterable[float]) -> float:
    """Geometric."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def situation(row: Row) -> str:
    """Where the row was measured, in words; what is usual is left out."""
    words = [row["measure"], row["dtype"]]
    if row["measure"] not in CALLS:
        words.append(f"{row['size']:,}")
    words += [f"{row['threads']} threads"] if row["threads"] > 1 else []
    words += [row["layout"]] if row["layout"] != "contiguous" else []
    return ", ".join(words)


def situations(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(situation(row), []).append(row)
    return found


def losses(rows: Iterable[Row], rivals: Sequence[str] = RIVALS) -> Iterator[tuple[Row, str, float]]:
    for row, rival in itertools.product(rows, rivals):
        if (r := ratio(row, rival)) is not None and r < FLOOR:
            yield row, rival, r


def figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def summary(rows: Sequence[Row]) -> str:
    """Per situation: the geometric mean over the named functions, and the worst of all functions."""
    there = [rival for rival in RIVALS if any(rival in row for row in rows)]
    lines = []
    for words, group in situations(rows).items():
        line = [words]
        for rival in there:
            all_of_them = ratios(group, rival)
            named = [r for op, r in all_of_them.items() if op in NAMED]
            worst = min(all_of_them, key=all_of_them.__getitem__, default=None)
            line += [times(mean(named)) if named and min(named) > 0 else ""]
            line += [f"{worst} {all_of_them[worst]:.2f}" if worst else ""]
        lines.append(line)
    return table(["", *(cell for rival in there for cell in (LABELS.get(rival, rival), "worst"))], lines)


def loss_list(rows: Sequence[Row]) -> str:
    """Per rival, every cell that ours loses, the heaviest first."""
    text = []
    for rival in (r for r in RIVALS if any(r in row for row in rows)):
        lost = sorted(losses(rows, [rival]), key=lambda loss: loss[2])
        text += ["", f"To {LABELS.get(rival, rival)}, of {sum(rival in row for row in rows)} cells: {len(lost)}."]
        text += [""] * bool(lost) + [
            f"- {r:.2f} `{row['op']}`, {situation(row)}: {figure(row[OURS])} against {figure(row[rival])}"
            for row, rival, r in lost
        ]
    return "\n".join(text).strip()


def figures(group: Sequence[Row]) -> str:
    there = [who for who in CONTESTANTS if any(who in row for row in group)]
    head = ["", *(cell for who in there for cell in [LABELS.get(who, who)] + ["ratio"] * (who in RIVALS))]
    lines = []
    for row in group:
        line = [f"`{row['op']}`"]
        for who in there:
            starred = who == "eager" and row["op"] not in BUILTIN
            line.append(figure(row.get(who)) + "*" * starred)
            line += [times(ratio(row, who))] if who in RIVALS else []
        lines.append(line)
    return table(head, lines)


def as_markdown(rows: Sequence[Row], about: str) -> str:
    text = ["# Benchmark", "", about, "", LEGEND, "", "## Ratios", ""]
    text += [f"The geometric mean over {', '.join(NAMED)},", "as far as measured, and the worst of all functions.", ""]
    text += [summary(rows), "", "## Losses", "", loss_list(rows)]
    for measure, title in TITLES.items():
        found = situations(row for row in rows if row["measure"] == measure)
        text += ["", f"## {title}"] if found else []
        for words, group in found.items():
            text += ["", f"### {words}", "", figures(group)]
    return "\n".join(text) + "\n"
