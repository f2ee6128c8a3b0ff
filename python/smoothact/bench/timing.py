# SPDX-License-Identifier: Apache-2.0
"""What is measured: time, as interleaved minima, and the memory that a forward pass keeps for backward."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

SLICE = 2e-3  # seconds that one turn of a candidate takes, about
FEWEST = 4  # rounds, however long they take
MMAPPED = 2**25  # bytes from which glibc takes fresh pages for every tensor; the most that it can be told
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Has glibc keep what is freed for the next tensor, below MMAPPED, and take fresh pages from there on.

    Left to itself it now and then gives everything back and faults it in again, which costs a chain of torch operations
    several times its arithmetic; the comparison would be with that accident.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_TRIM_THRESHOLD, MMAPPED)
        mallopt(M_MMAP_THRESHOLD, MMAPPED)


def minima(
    candidates: Mapping[str, Callable[[], Any]],
    rounds: int = 50,
    device: str = "cpu",
    seconds: float = float("inf"),
) -> dict[str, float]:
    """Seconds per call of each candidate: they run in turn, again and again, and each keeps its fastest.

    A slow spell of the machine then meets all of them, and the minimum is what the code takes undisturbed. After
    ``seconds`` no further round is begun.
    """
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
        turn(call, 1)
        once = turn(call, 1)
        if once < SLICE / 10:
            once = turn(call, 10)
        counts[name] = max(1, min(10_000, round(SLICE / once)))
        best[name] = float("inf")
    names = list(candidates)
    stop = time.perf_counter() + seconds
    for index in range(rounds):
        if index >= FEWEST and time.perf_counter() > stop:
            break
        first = index % len(names)
        for name in names[first:] + names[:first]:
            best[name] = min(best[name], turn(candidates[name], counts[name]))
    return best


def saved_bytes(forward: Callable[[], Tensor], exempt: Iterable[Tensor] = ()) -> int:
    """Bytes that a forward pass keeps for backward: storages, each counted once, those of ``exempt`` left out."""
    known = {tensor.untyped_storage().data_ptr() for tensor in exempt}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = forward()  # alive until the count is done, so that no address is used twice
    total = sum(kept.values())
    del result
    return total
