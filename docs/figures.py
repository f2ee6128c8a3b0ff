# SPDX-License-Identifier: Apache-2.0
"""What was measured on other days: the committed certificate and benchmark, by activation."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DTYPES = ("float64", "float32", "bfloat16", "float16")
CONTESTANTS = {"smoothact": "smoothact", "eager": "torch", "compile": "torch.compile", "onednn": "oneDNN"}
MEASURES = {"forward": "forward", "training": "forward and backward"}
SIZE = "262144"
DASH = "–"


class Certificate:
    """docs/certificate.json."""

    def __init__(self, path: Path = ROOT / "docs/certificate.json") -> None:
        content = json.loads(path.read_text())
        self.rows = {(row["op"], row["order"], row["dtype"]): row for row in content.pop("rows")}
        self.about = ", ".join(f"{key} {value}" for key, value in content.items())

    def cell(self, name: str, order: str, dtype: str, prefix: str = "") -> str:
        row: dict[str, Any] = self.rows.get((name, order, dtype), {})
        worst = row.get(f"{prefix}worst")
        if worst is None:
            return DASH
        return (
            "∞"
            if worst == float("inf")
            else f"{worst:.2f}"
            if worst < 100
            else f"{worst:.{'0f' if worst < 1e5 else '0e'}}"
        )

    def table(self, name: str) -> list[list[str]]:
        """A line per format: the worst error of f, f' and f'', and of torch's."""
        return [
            [dtype, *(self.cell(name, o, dtype, prefix) for prefix in ("", "torch_") for o in ("f", "f'", "f''"))]
            for dtype in DTYPES
        ]


class Benchmark:
    """benchmarks/results/catalogue/bench.csv, and the sentence about machine and commit in bench.md beside it."""

    def __init__(self, folder: Path = ROOT / "benchmarks/results/catalogue") -> None:
        with (folder / "bench.csv").open() as file:
            rows = [
                r for r in csv.DictReader(file) if (r["size"], r["threads"], r["layout"]) == (SIZE, "1", "contiguous")
            ]
        self.rows = {(r["op"], r["measure"], r["dtype"]): r for r in rows}
        about = re.search(r"^smoothact .*\.$", (folder / "bench.md").read_text(), re.MULTILINE)
        self.about = about[0].rstrip(".") if about else "an unknown machine"

    def cell(self, name: str, measure: str, dtype: str, who: str = "smoothact") -> str:
        value = self.rows.get((name, measure, dtype), {}).get(who)
        return f"{float(value):.2f}" if value else DASH

    def table(self, name: str) -> list[list[str]]:
        """A line per measure and format: ns per element, ours and the others'."""
        return [
            [f"{words}, {dtype}", *(self.cell(name, measure, dtype, who) for who in CONTESTANTS)]
            for measure, words in MEASURES.items()
            for dtype in ("float32", "bfloat16")
        ]

    def cost(self, name: str) -> str:
        """Relative to relu."""
        texts = []
        for measure, words in MEASURES.items():
            ours, relu = (self.rows.get((op, measure, "float32"), {}).get("smoothact") for op in (name, "relu"))
            if ours and relu:
                texts.append(f"{float(ours):.2f} ns per element {words}, {float(ours) / float(relu):.1f} times relu's")
        return "; ".join(texts) or DASH
