# SPDX-License-Identifier: Apache-2.0
"""What smoothact would gain in a model: its activations, as a sample has them called, beside smoothact's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from . import nn as ours
from ._calls import Call, DirectCalls
from ._compare import Comparison, Like, compare
from ._patch import KEPT, patch, unpatch
from ._pending import Waiting
from ._recognise import module_of
from ._report import table
from ._sites import CodeSite, Site, find_sites
from ._trial import run

NO_GAIN = 1.05  # times whose ratio is no greater are taken for equal


@dataclass
class Finding:
    """An activation of a model, and what smoothact's takes in its place."""

    module: str
    """Its path; of a call by name that of the module whose code makes it."""
    was: str
    now: str
    kind: str
    """``"activation"``, ``"gate"``, or ``"left"``: a call that :func:`patch` cannot replace, as ``x.tanh()``."""
    calls: int
    saved: tuple[int, int]
    """Bytes that all its calls save for backward, each on its own, before and with smoothact."""
    kernels: tuple[int, int]
    """Of its largest call, forwards and backwards."""
    seconds: tuple[float, float]
    """Of its largest call, forwards and backwards."""

    @property
    def gain(self) -> str:
        faster = self.seconds[0] / self.seconds[1]
        parts = [f"{faster:.1f}x as fast"] if faster > NO_GAIN else []
        if self.saved[1] < self.saved[0]:
            parts.append(f"{self.saved[1] / self.saved[0] - 1:.0%} bytes")
        return ", ".join(parts) or "no gain here"


@dataclass
class Audit:
    """What :func:`audit` has found; ``str()`` of it is a table."""

    findings: list[Finding]
    saved: tuple[int, int]
    """Bytes that the whole model saves for backward on the sample, parameters aside, as it is and once patched."""

    def __str__(self) -> str:
        if not self.findings:
            return "no activation that smoothact knows"
        head = [
            "module",
            "was",
            "smoothact's",
            "kind",
            "calls",
            "MiB saved",
            "now",
            "kernels",
            "now",
            "µs",
            "now",
            "gain",
        ]
        rows = [
            [f.module, f.was, f.now, f.kind, str(f.calls)]
            + [f"{b / 2**20:.2f}" for b in f.saved]
            + [str(k) for k in f.kernels]
            + [f"{1e6 * s:.0f}" for s in f.seconds]
            + [f.gain]
            for f in self.findings
        ]
        before, now = self.saved
        change = f" ({now / before - 1:+.0%})" if before else ""
        total = f"the whole model saves {before / 2**20:.1f} MiB for backward, patched {now / 2**20:.1f}{change}"
        return f"{table(head, rows)}\n\n{total}"


@dataclass
class _Watched:
    """How one activation is called, and what the two contestants are."""

    path: str
    was: str
    now: str
    kind: str
    before: Callable[..., Tensor]
    after: Callable[..., Tensor]
    calls: list[tuple[Like, ...]] = field(default_factory=list)

    def measured(self, known: dict[Any, Comparison]) -> Finding:
        sizes = [math.prod(likes[0].shape) for likes in self.calls]
        largest = self.calls[sizes.index(max(sizes))]
        key = (self.was, self.now, self.kind, largest)
        if key not in known:
            known[key] = compare(self.before, self.after, largest)
        saved, kernels, seconds = known[key]
        share = sum(sizes) / max(sizes)
        total = (round(saved[0] * share), round(saved[1] * share))
        return Finding(self.path, self.was, self.now, self.kind, len(self.calls), total, kernels, seconds)


def audit(model: nn.Module, sample: Any) -> Audit:
    """What :func:`patch` gains here: watches the model run on a sample, and measures each activation on its own.

    Activations are found as :func:`patch` finds them, by class and parameters, and those that a module's code calls by
    name; beside them calls that :func:`patch` cannot replace, as ``x.tanh()``. Bytes saved for backward, kernels, and
    the time of forward and backward are those of random tensors of the shapes, strides and dtypes that the sample leads
    to. The model is left as it was.

    Args:
        model: any module, in training or evaluation.
        sample: what the model is called with: a tensor, a tuple of arguments, or a mapping of keywords.

    Returns:
        An :class:`Audit`.

    Raises:
        RuntimeError: the model is patched, or computes something else once it is.
    """
    if KEPT in model.__dict__:
        raise RuntimeError("audit: the model is patched already; unpatch it first")
    saved = patch(model, sample).saved
    unpatch(model)
    known: dict[Any, Comparison] = {}
    called = [w for w in _watch(model, sample) if w.calls and math.prod(w.calls[0][0].shape)]
    return Audit([w.measured(known) for w in called], saved or (0, 0))


def _watch(model: nn.Module, sample: Any) -> list[_Watched]:
    sites, watched = find_sites(model, sample), []
    direct: dict[tuple[str, str, str], _Watched] = {}

    def report(call: Call) -> None:
        module = module_of(call.found)
        made = _Watched(call.path, f"{call.function.__name__}()", repr(module), "left", call.theirs, module)
        direct.setdefault((made.path, made.was, made.now), made).calls.append((Like.of(call.input),))

    put: dict[int, nn.Module] = {}
    try:
        for site in sites:
            if id(site.after) not in put:
                put[id(site.after)], kinds = _watcher(site)
                watched += kinds
            site.put(put[id(site.after)])
        with DirectCalls(model, report):
            run(model, sample)
    finally:
        for site in sites:
            site.put_back()
    return [*watched, *direct.values()]


def _watcher(site: Site | CodeSite) -> tuple[nn.Module, list[_Watched]]:
    """What stands in for a site's activation, and what it fills. One that several sites share counts at the first."""
    if not isinstance(site.after, ours.Activation):
        kind = "gate" if site.is_gate else "activation"
        only = _Watched(site.path, site.was, repr(site.after), kind, site.before, site.after)
        return _Recorder(only), [only]
    waiting, gate = Waiting(site.after), Waiting(site.after)
    now = repr(site.after)
    alone = _Watched(site.path, site.was, now, "activation", site.before, site.after)
    product = _Watched(site.path, site.was, now, "gate", lambda g, u: site.before(g) * u, gate.product)
    waiting.watcher = lambda *tensors: (product if len(tensors) > 1 else alone).calls.append(
        tuple(map(Like.of, tensors))
    )
    return waiting, [alone, product]


class _Recorder(nn.Module):
    """Calls what is there, and writes down with what."""

    def __init__(self, watched: _Watched) -> None:
        super().__init__()
        self.__dict__["watched"] = watched  # whose module is no part of this one

    def forward(self, input: Tensor) -> Tensor:
        self.watched.calls.append((Like.of(input),))
        return self.watched.before(input)
