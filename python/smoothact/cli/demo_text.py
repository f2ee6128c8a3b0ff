# SPDX-License-Identifier: Apache-2.0
"""Real text that every machine has: the sources of Python's standard library, as bytes."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import torch
from torch import Tensor


def corpus(limit: int) -> Tensor:
    """The first ``limit`` bytes of the library's modules in alphabetical order, without its packages."""
    root = Path(sysconfig.get_path("stdlib"))
    parts: list[bytes] = []
    size = 0
    for path in sorted(root.glob("*.py")):
        parts.append(path.read_bytes())
        size += len(parts[-1])
        if size >= limit:
            break
    text = b"".join(parts)[:limit]
    return torch.frombuffer(bytearray(text), dtype=torch.uint8).long()


def batches(data: Tensor, count: int, size: int, length: int, generator: torch.Generator) -> Tensor:
    """``count`` batches of ``size`` random windows, one byte longer than ``length``: inputs and targets."""
    starts = torch.randint(len(data) - length, (count, size, 1), generator=generator)
    return data[starts + torch.arange(length + 1)]
