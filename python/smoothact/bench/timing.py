# SPDX-License-Identifier: Apache-2.0
"""What is measured: time, in turns, and memory: what a forward pass keeps for backward, and the most that is held."""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

K = TypeVar("K", bound=Hashable)

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


def turns(
    candidates: Mapping[K, Callable[[], Any]],
    rounds: int,
    device: str = "cpu",
    seconds: float = float("inf"),
) -> Iterator[tuple[K, float]]:
    """Seconds per call of one candidate at a time: they run in turn, again and again, after a call or two each unseen.

    A slow spell of the machine then meets all of them. After ``seconds`` no further round is begun.
    """
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None

    def turn(call: Callable[[], Any], count: int) -> float:
        wait()
        start = time.perf_counter()
        for _ in range(count):
            call()
        wait()
        return (time.perf_counter() - start) / count

    counts = {}
    for name, call in candidates.items():
        turn(call, 1)
        once = turn(call, 1)
        if once < SLICE / 10:
            once = turn(call, 10)
        counts[name] = max(1, min(10_000, round(SLICE / once)))
    names = list(candidates)
    stop = time.perf_counter() + seconds
    for index in range(rounds):
        if index >= FEWEST and time.perf_counter() > stop:
            break
        first = index % len(names)
        for name in names[first:] + names[:first]:
            yield name, turn(candidates[name], counts[name])


def minima(
    candidates: Mapping[K, Callable[[], Any]],
    rounds: int = 50,
    device: str = "cpu",
    seconds: float = float("inf"),
) -> dict[K, float]:
    """Seconds per call of each candidate, the least of its turns: what the code takes undisturbed."""
    best = dict.fromkeys(candidates, float("inf"))
    for name, once in turns(candidates, rounds, device, seconds):
        best[name] = min(best[name], once)
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


def peak_bytes(call: Callable[[], Any], device: str = "cpu") -> int:
    """The most memory that a call holds at once, beyond what was there before, as torch's allocator hands it out."""
    if device.startswith("cuda"):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True) as profiler:
        call()
    changes = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes.sort(key=lambda event: event.start_ns())
    return max(itertools.accumulate((event.nbytes() for event in changes), initial=0))
