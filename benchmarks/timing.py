# SPDX-License-Identifier: Apache-2.0
"""Interleaved minima: every candidate runs in turn, again and again, and keeps its fastest time per call.

A slow spell of the machine then meets all of them, and the minimum is what the code takes undisturbed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import smoothact
import torch
from smoothact._machine import commit, processor

RESULTS = Path(__file__).parent / "results"
SLICE = 2e-3  # seconds that one turn of a candidate takes, about


def minima(candidates: Mapping[str, Callable[[], Any]], rounds: int = 50, device: str = "cpu") -> dict[str, float]:
    """Seconds per call of each candidate."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None

    def turn(call: Callable[[], Any], count: int) -> float:
        wait()
        start = time.perf_counter()
        for _ in range(count):
            call()
        wait()
        return (time.perf_counter() - start) / count

    counts, best = {}, {}
    for name, call in candidates.items():
        turn(call, 3)
        counts[name] = max(1, min(10_000, round(SLICE / turn(call, 3))))
        best[name] = float("inf")
    names = list(candidates)
    for index in range(rounds):
        for name in names[index % len(names) :] + names[: index % len(names)]:
            best[name] = min(best[name], turn(candidates[name], counts[name]))
    return best


def environment(device: str = "cpu") -> dict[str, Any]:
    """What a figure is worth nothing without."""
    return {
        "commit": commit(Path(__file__).parent) or "unknown",
        "smoothact": smoothact.__version__,
        "torch": str(torch.__version__),
        "hardware": torch.cuda.get_device_name() if device.startswith("cuda") else processor(),
        "instruction set": smoothact._C.cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def headline(device: str = "cpu") -> str:
    return ", ".join(f"{key} {value}" for key, value in environment(device).items())


def save(name: str, head: dict[str, Any], rows: list[dict[str, Any]]) -> Path:
    """JSON with one row a line, so that a diff shows which figures moved."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / name
    opening = json.dumps(head, indent=1)[:-2]
    path.write_text(opening + ',\n "rows": [\n  ' + ",\n  ".join(map(json.dumps, rows)) + "\n ]\n}\n")
    return path
