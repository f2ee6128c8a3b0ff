# SPDX-License-Identifier: Apache-2.0
"""Trains the same model several times side by side: same seed, same batches, steps interleaved."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from smoothact.bench.timing import saved_bytes
from smoothact.cli.demo_model import GPT
from smoothact.cli.demo_text import batches, corpus

BATCH, LENGTH = 16, 128
SIZE = {"length": LENGTH, "width": 128, "heads": 4, "depth": 4}
CORPUS_BYTES = 2**22
HELD_OUT_BYTES = 2**17
RATE, WARMUP = 1e-3, 20


@dataclass
class Run:
    """One spelling of the activation, and what its training gave."""

    label: str
    activation: Callable[[Tensor], Tensor]
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    held_out: float = math.nan
    saved_bytes: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def schedule(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to zero."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP)))


def train(runs: list[Run], steps: int, seed: int, device: str, progress: Callable) -> None:
    """Fills in the runs. Which one takes a step first rotates, so that none always finds the caches cold."""
    generator = torch.Generator().manual_seed(seed)
    data = corpus(CORPUS_BYTES)
    windows = batches(data[:-HELD_OUT_BYTES], steps, BATCH, LENGTH, generator).to(device)
    unseen = batches(data[-HELD_OUT_BYTES:], 8, 2 * BATCH, LENGTH, generator).to(device)
    models, optimisers = [], []
    for run in runs:
        torch.manual_seed(seed)
        models.append(GPT(run.activation, **SIZE).to(device))
        optimisers.append(torch.optim.AdamW(models[-1].parameters(), lr=RATE, betas=(0.9, 0.95), fused=True))
        run.saved_bytes = saved_bytes(lambda: models[-1](windows[0]), models[-1].parameters())
    bar = progress(range(steps), unit="step")
    for step in bar:
        for turn in range(len(runs)):
            index = (step + turn) % len(runs)
            run, model, optimiser = runs[index], models[index], optimisers[index]
            optimiser.param_groups[0]["lr"] = RATE * schedule(step, steps)
            synchronise(device)
            start = time.perf_counter()
            loss = model(windows[step])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            synchronise(device)
            run.seconds.append(time.perf_counter() - start)
            run.losses.append(loss.item())
        bar.set_postfix_str(f"loss {runs[-1].losses[-1]:.3f}")
    with torch.no_grad():
        for run, model in zip(runs, models, strict=True):
            run.held_out = statistics.fmean(model(batch).item() for batch in unseen)
