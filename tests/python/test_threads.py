# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest
import smoothact
import torch

TASKS = Path("/proc/self/task")


def ticks() -> dict[str, int]:
    """Processor time of each thread, in ticks."""
    return {t.name: int((t / "stat").read_text().rpartition(")")[2].split()[11]) for t in TASKS.iterdir()}


@pytest.mark.skipif(not TASKS.exists(), reason="no /proc to read the threads' processor times from")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor")
@pytest.mark.parametrize("layout", ["dense", "transposed"])
def test_large_tensors_are_shared_among_torch_threads(layout):
    x = torch.randn(2048, 2048)
    if layout == "transposed":
        x = x.t()[:, ::2]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        before, y, worked = ticks(), smoothact.functional.mish(x), 0
        for _ in range(400):
            torch.ops.smoothact.mish_(y)
            worked = sum(spent - before.get(thread, 0) >= 5 for thread, spent in ticks().items())
            if worked >= 2:
                return
    finally:
        torch.set_num_threads(threads)
    raise AssertionError(f"{worked} threads worked")


@pytest.mark.parametrize("size", [2**15 - 1, 2**15 + 1, 3 * 2**15 + 77])
def test_bits_do_not_depend_on_threads(size):
    x = torch.randn(size, generator=torch.Generator().manual_seed(size))
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(smoothact.functional.gelu(x))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
