# SPDX-License-Identifier: Apache-2.0
"""A training step of a whole model, by everyone whose activations it may have: time, and memory."""

from __future__ import annotations

import copy
import importlib
import statistics
import types
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

import smoothact
from smoothact._trial import TOLERANCES, difference
from smoothact.bench.cases import compiler
from smoothact.bench.models import MODELS, Entry, Sample, build
from smoothact.bench.timing import peak_bytes, saved_bytes, turns

OWN, OURS, RECOMPUTE = "transformers", "smoothact", "recompute"
FORMULAS = ("NewGELUActivation", "FastGELUActivation")  # gelu_tanh as lines of Python
Way = tuple[str, bool]  # a contestant, and whether compiled
Results = tuple[list[Tensor], list[Tensor]]  # loss, gradients


@dataclass(frozen=True)
class Situation:
    model: str
    dtype: str = "float32"
    batch: int | None = None
    sequence: int | None = None
    threads: int = 1


def sharing(model: nn.Module) -> nn.Module:
    """A copy that has the same parameters and buffers, and takes no memory for them."""
    return copy.deepcopy(model, {id(t): t for t in (*model.parameters(), *model.buffers())})


def with_builtins(model: nn.Module) -> bool:
    """Puts torch's ``nn.GELU`` where Transformers has a formula in Python; False where it has none."""
    found = [(m, n) for m in model.modules() for n, child in m.named_children() if type(child).__name__ in FORMULAS]
    for parent, name in found:
        setattr(parent, name, nn.GELU("tanh"))
    return bool(found)


def with_liger(model: nn.Module, entry: Entry) -> bool:
    """Has the gates computed by Liger's kernels; False where it has none, or is not installed."""
    if entry.liger is None:
        return False
    try:
        liger = importlib.import_module("liger_kernel.transformers")
    except ImportError:
        return False
    own, theirs = entry.liger
    for module in model.modules():
        if type(module).__name__ == own:
            module.forward = types.MethodType(getattr(liger, theirs).forward, module)
    return True


def contestants(
    entry: Entry, model: nn.Module, sample: Sample, device: str, without: Collection[str] = ()
) -> dict[Way, nn.Module]:
    """The model with each contestant's activations, on one set of weights; Transformers' own comes first."""
    found = {OWN: model}
    if with_builtins(builtin := sharing(model)):
        found["torch"] = builtin
    if device.startswith("cuda") and "liger" not in without and with_liger(peer := sharing(model), entry):
        found["liger"] = peer
    found[OURS] = sharing(model)
    smoothact.patch(found[OURS], sample)
    ways: dict[Way, nn.Module] = {(who, False): made for who, made in found.items()}
    ways[RECOMPUTE, False] = sharing(model)  # compiled nothing changes
    smoothact.patch(ways[RECOMPUTE, False], sample, recompute=True)
    if "compile" not in without:
        torch.compiler.reset()  # or the situations before would count towards the limit of recompilations
        ways |= {(who, True): torch.compile(made, dynamic=False) for who, made in found.items()}
    return ways


def forward(model: nn.Module, sample: Sample) -> Tensor:
    """The loss, or of a layer its result."""
    out = model(**sample)
    return out if isinstance(out, Tensor) else out.loss


def results(model: nn.Module, sample: Sample, leaves: Collection[Tensor]) -> Results:
    """Forward and backward: the loss, and the gradients of the leaves, which are left without."""
    target = forward(model, sample)
    target.backward(None if target.dim() == 0 else torch.ones_like(target))
    found = [t.grad for t in leaves if t.grad is not None]
    for t in leaves:
        t.grad = None
    return [target.detach()], found


def measure(
    situation: Situation,
    *,
    device: str = "cpu",
    rounds: int = 10,
    without: Collection[str] = (),
    progress: Callable[..., Any],
) -> list[dict[str, Any]]:
    """A row for every contestant, eager and compiled: a step's seconds, fastest and median, and bytes.

    A step is forward and backward. Before it is timed, its loss and gradients are compared with Transformers' own.

    Args:
        progress: as ``tqdm.tqdm``.

    Raises:
        ValueError: the model cannot have that sequence.
        RuntimeError: a contestant computes something else.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(situation.threads)
    try:
        with compiler():
            return _measure(situation, device, rounds, without, progress)
    finally:
        torch.set_num_threads(before)


def _measure(
    situation: Situation, device: str, rounds: int, without: Collection[str], progress: Callable[..., Any]
) -> list[dict[str, Any]]:
    entry, dtype = MODELS[situation.model], getattr(torch, situation.dtype)
    size = {"batch": situation.batch, "sequence": situation.sequence}
    model, sample = build(entry, **size, device=device, dtype=dtype)
    parameters = list(model.parameters())
    leaves = [*parameters, *(t for t in sample.values() if t.requires_grad)]
    ways = contestants(entry, model, sample, device, without)
    steps = {way: partial(results, made, sample, leaves) for way, made in ways.items()}
    shape = {"batch": situation.batch or entry.batch, "sequence": situation.sequence or entry.sequence}
    rows = {way: asdict(situation) | shape | {"contestant": way[0], "compiled": way[1]} for way in ways}
    seconds: dict[Way, list[float]] = {way: [] for way in ways}
    with progress(total=len(ways) * (1 + rounds), unit="step", desc=situation.model) as bar:
        reference = steps[OWN, False]()
        for way, made in ways.items():
            rows[way]["difference"] = agreement(way, reference, steps[way](), TOLERANCES[dtype])
            rows[way]["saved"] = saved_bytes(partial(forward, made, sample), parameters)
            rows[way]["peak"] = peak_bytes(steps[way], device)
            bar.update()
        del reference
        for way, once in turns(steps, rounds, device):
            seconds[way].append(once)
            bar.update()
    return [row | {"step": min(seconds[w]), "median": statistics.median(seconds[w])} for w, row in rows.items()]


def agreement(way: Way, reference: Results, found: Results, tolerance: float) -> float:
    """The relative difference of the losses or of the gradients, whichever is more.

    Raises:
        RuntimeError: it is more than roundings.
    """
    differences = [difference(a, b) or 0.0 for a, b in zip(reference, found, strict=True)]
    for what, d in zip(("loss", "gradients"), differences, strict=True):
        if not d <= tolerance:
            who = way[0] + ", compiled" * way[1]
            raise RuntimeError(f"{who}: {what} and that of Transformers' own differ by {d:.1e}")
    return max(differences)
