# SPDX-License-Identifier: Apache-2.0
"""smoothact's activations and gates in a model that exists, verified on a sample, and undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from . import nn as ours
from ._pending import Waiting
from ._recompute import Recomputation
from ._recompute import recompute as recompute_results
from ._report import table
from ._sites import CodeSite, Site, find_sites
from ._trial import TOLERANCES, difference, run
from .fewbit import check_bits


@dataclass
class Report:
    """What :func:`patch` has done, a row for each activation; ``str()`` of it is a table."""

    rows: list[dict[str, str]]
    outputs: float | None
    """The relative difference of the outputs on the sample; None without one."""
    gradients: float | None
    saved: tuple[int, int] | None = None
    """Bytes that the sample's forward saves for backward, parameters aside, before and now."""

    def __str__(self) -> str:
        if not self.rows:
            return "no activation that smoothact knows"
        lines = [table(list(self.rows[0]), [list(r.values()) for r in self.rows])]
        if self.outputs is None:
            return "\n\n".join([*lines, "not verified: no sample"])
        gradients = "none" if self.gradients is None else f"{self.gradients:.1e}"
        lines.append(f"on the sample: outputs differ by {self.outputs:.1e}, gradients by {gradients}")
        if self.saved and self.saved[0]:
            before, now = self.saved
            sizes = f"{before / 2**20:.1f} MiB before, {now / 2**20:.1f} now ({now / before - 1:+.0%})"
            lines.append(f"saved for backward: {sizes}")
        return "\n\n".join(lines)


# Where a patched model keeps what undoes it.
KEPT = "_smoothact_patch"


def patch(model: nn.Module, sample: Any = None, *, fewbit: int | None = None, recompute: bool = False) -> Report:
    """Gives a model smoothact's activations, and where an activation gates, the fused gate, in place.

    An activation is found by its class and its parameters, those of torch, Transformers and timm, or as a function of
    torch that is an attribute of a module; not one that works in place, or has hooks. Each is replaced by the module of
    the same parameters; the model's own code runs as before, its Linears, their hooks and the keys of its
    ``state_dict`` stay.

    With a sample the model runs before and after, forwards and backwards, and what does not compute the same is not
    kept. Activations that a module's code calls by name, ``torch.nn.functional.silu(x)``, are found too, and replaced
    by a ``forward`` of the same code, in which the name stands for smoothact's; it sees the names of its file as they
    are at that time. Activations whose results are only multiplied by another tensor of the shape become gates: one
    kernel forwards and one backwards, that saves the gate and the other tensor alone.

    Args:
        model: any module, in training or evaluation.
        sample: what the model is called with: a tensor, a tuple of arguments, or a mapping of keywords.
        fewbit: 2, 3 or 4: activations that do not gate save as many bits for each element, and gradients become
            approximate, see :mod:`smoothact.fewbit`. By how much is reported, and verified is the model without.
        recompute: whether results of activations and gates are computed again in the backward pass, see
            :func:`recompute`.

    Returns:
        A :class:`Report`.

    Raises:
        TypeError, ValueError: ``fewbit`` is none of these numbers.
        RuntimeError: the outputs or gradients differ by more than roundings; the model is as it was. Or it is patched
            already, or with a sample distributed.
    """
    if KEPT in model.__dict__:
        raise RuntimeError("patch: the model is patched already; unpatch it first")
    if sample is not None and any(hasattr(p, "placements") for p in model.parameters()):
        raise RuntimeError(
            "patch: the model's parameters are DTensors; patch it with a sample before it is parallelised or sharded"
        )
    if fewbit is not None:
        check_bits("patch", fewbit)
    sites = find_sites(model) if sample is None else _tried(model, sample)
    before = None if sample is None else run(model, sample)
    after, differences, recomputation = None, [None, None], None

    def compare() -> None:
        nonlocal after, differences
        if before:
            after = run(model, sample)
            differences = [difference(a, b) for a, b in zip(before[:2], after[:2], strict=True)]

    try:
        for site in sites:
            site.put(site.after)
        if recompute and sites:
            recomputation = recompute_results(model)
        compare()
        _check(model, differences)
        if fewbit is not None:
            for site in sites:
                if isinstance(site.after, ours.Activation) and not site.after.learnt:
                    site.after.fewbit = fewbit
            compare()
    except BaseException:
        _put_back(sites, recomputation)
        raise
    model.__dict__[KEPT] = (sites, recomputation)
    return Report([_row(site) for site in sites], *differences, (before.saved, after.saved) if before else None)


def _tried(model: nn.Module, sample: Any) -> list[Site | CodeSite]:
    """The sites, those whose results the sample only multiplies by a tensor as gates."""
    sites = find_sites(model, sample)
    waiting = {id(s.after): Waiting(s.after) for s in sites if isinstance(s.after, ours.Activation)}
    try:
        for site in sites:
            site.put(waiting.get(id(site.after), site.after))
        run(model, sample)
    finally:
        for site in sites:
            site.put_back()
    for site in sites:
        gate = waiting.get(id(site.after))
        if gate and gate.used["gate"] and not gate.used["f"]:
            site.after = gate
    return sites


def _check(model: nn.Module, differences: list[float | None]) -> None:
    tolerance = max(TOLERANCES.get(p.dtype, 1e-4) for p in [*model.parameters(), torch.empty(0)])
    for what, d in zip(("outputs", "gradients"), differences, strict=True):
        if d is not None and not d <= tolerance:
            raise RuntimeError(
                f"patch: the {what} on the sample differ by {d:.1e}, more than {tolerance:.0e}; nothing was changed"
            )


def unpatch(model: nn.Module) -> None:
    """Puts back what :func:`patch` has replaced.

    Raises:
        RuntimeError: the model is not patched.
    """
    if KEPT not in model.__dict__:
        raise RuntimeError("unpatch: the model is not patched")
    _put_back(*model.__dict__.pop(KEPT))


def _put_back(sites: list[Site | CodeSite], recomputation: Recomputation | None) -> None:
    if recomputation:
        recomputation.remove()
    for site in sites:
        site.put_back()


def _row(site: Site | CodeSite) -> dict[str, str]:
    return {
        "module": site.path,
        "was": site.was,
        "is": repr(site.after.activation if isinstance(site.after, Waiting) else site.after),
        "what": "gate" if site.is_gate else "activation",
    }
