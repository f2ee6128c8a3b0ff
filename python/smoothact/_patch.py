# SPDX-License-Identifier: Apache-2.0
"""smoothact's activations and gates in a model that exists, verified on a sample, and undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree

from . import nn as ours
from ._pending import Waiting
from ._recognise import recognise
from ._report import table

# Of the norm of all outputs, and of all gradients, by what the model computes in.
TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.float16: 1e-2}


@dataclass
class Site:
    """An attribute of a module that is an activation."""

    path: str
    owner: nn.Module
    name: str
    before: Any
    after: nn.Module

    def put(self, value: Any) -> None:
        if isinstance(self.before, nn.Module):
            self.owner._modules[self.name] = value
        else:
            self.owner.__dict__[self.name] = value


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


def patch(model: nn.Module, sample: Any = None) -> Report:
    """Gives a model smoothact's activations, and where an activation gates, the fused gate, in place.

    An activation is found by its class and its parameters, those of torch, Transformers and timm, or as a function of
    torch that is an attribute of a module; not one that works in place, or has hooks. Each is replaced by the module of
    the same parameters; the model's own code runs as before, its Linears, their hooks
    and the keys of its ``state_dict`` stay. With a sample the model runs before and after, forwards and backwards, and
    what does not compute the same is not kept. Activations whose results are only multiplied by another tensor of the
    shape become gates: one kernel forwards and one backwards, that saves the gate and the other tensor alone.

    Args:
        model: any module, in training or evaluation.
        sample: what the model is called with: a tensor, a tuple of arguments, or a mapping of keywords.

    Returns:
        A :class:`Report`.

    Raises:
        RuntimeError: the outputs or gradients differ by more than roundings; the model is as it was. Or it is patched
            already, or with a sample distributed.
    """
    if KEPT in model.__dict__:
        raise RuntimeError("patch: the model is patched already; unpatch it first")
    if sample is not None and any(hasattr(p, "placements") for p in model.parameters()):
        raise RuntimeError(
            "patch: the model's parameters are DTensors; patch it with a sample before it is parallelised or sharded"
        )
    sites = list(_sites(model))
    if sample is None:
        for site in sites:
            site.put(site.after)
        model.__dict__[KEPT] = sites
        return Report([_row(site) for site in sites], None, None)
    before = _run(model, sample)
    try:
        waiting = {id(s.after): Waiting(s.after) for s in sites if isinstance(s.after, ours.Activation)}
        for site in sites:
            site.put(waiting.get(id(site.after), site.after))
        _run(model, sample)
        for site in sites:
            gate = waiting.get(id(site.after))
            if gate and gate.used["gate"] and not gate.used["f"]:
                site.after = gate
            site.put(site.after)
        after = _run(model, sample)
        differences = [_difference(a, b) for a, b in zip(before[:2], after[:2], strict=True)]
        tolerance = max(TOLERANCES.get(p.dtype, 1e-4) for p in [*model.parameters(), torch.empty(0)])
        for what, d in zip(("outputs", "gradients"), differences, strict=True):
            if d is not None and not d <= tolerance:
                raise RuntimeError(
                    f"patch: the {what} on the sample differ by {d:.1e}, more than {tolerance:.0e}; nothing was changed"
                )
    except BaseException:
        for site in sites:
            site.put(site.before)
        raise
    model.__dict__[KEPT] = sites
    return Report([_row(site) for site in sites], *differences, (before[2], after[2]))


def unpatch(model: nn.Module) -> None:
    """Puts back what :func:`patch` has replaced.

    Raises:
        RuntimeError: the model is not patched.
    """
    if KEPT not in model.__dict__:
        raise RuntimeError("unpatch: the model is not patched")
    for site in model.__dict__.pop(KEPT):
        site.put(site.before)


def _row(site: Site) -> dict[str, str]:
    gates = isinstance(site.after, Waiting)
    named = getattr(site.before, "func", site.before)  # of a partial
    was = type(site.before).__name__ if isinstance(site.before, nn.Module) else f"{named.__name__}()"
    return {
        "module": site.path,
        "was": was,
        "is": repr(site.after.activation if gates else site.after),
        "what": "gate" if gates else "activation",
    }


def _sites(model: nn.Module) -> Iterator[Site]:
    made: dict[int, nn.Module] = {}
    for path, owner in model.named_modules():
        if isinstance(owner, (ours.Activation, Waiting)) or id(owner) in made:
            continue
        values = [*owner._modules.items(), *((n, v) for n, v in owner.__dict__.items() if not n.startswith("_"))]
        for name, value in values:
            if value is None or isinstance(value, Tensor):
                continue
            if id(value) not in made and (after := _replacement(value)):
                made[id(value)] = after
            if id(value) in made:
                yield Site(f"{path}.{name}".lstrip("."), owner, name, value, made[id(value)])


def _replacement(before: Any) -> nn.Module | None:
    # What overwrites its input saves nothing but its result, and what has hooks is watched by somebody.
    if getattr(before, "inplace", False) or _has_hooks(before):
        return None
    if learner := _learner(before):
        return learner
    found = recognise(before)
    if found is None or found.descriptor.name == "identity":
        return None
    module = getattr(ours, found.descriptor.module)(**found.parameters)
    return module.train(before.training) if isinstance(before, nn.Module) else module


def _learner(before: Any) -> nn.Module | None:
    """One that learns, with the parameters and buffers that are there."""
    if type(before) is nn.PReLU:
        after: nn.Module = ours.PReLU(before.num_parameters)
    elif type(before).__name__ == "XIELUActivation" and type(before).__module__ == "transformers.activations":
        from .integrations.transformers import XIELU

        after = XIELU()
    else:
        return None
    after._parameters.update(before._parameters)
    after._buffers.update(before._buffers)
    return after.train(before.training)


def _has_hooks(value: Any) -> bool:
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return isinstance(value, nn.Module) and any(getattr(value, h, None) for h in hooks)


def _run(model: nn.Module, sample: Any) -> tuple[list[Tensor], list[Tensor], int]:
    """Outputs, gradients of their mean square, and bytes saved; with the same random numbers, nothing left behind."""
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    gradients = [p.grad for p in model.parameters()]
    saved = {t.untyped_storage().data_ptr(): 0 for t in model.parameters()}

    def pack(t: Tensor) -> Tensor:
        saved.setdefault(t.untyped_storage().data_ptr(), t.untyped_storage().nbytes())
        return t

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t)
    with torch.random.fork_rng(), torch.enable_grad(), hooks:
        torch.manual_seed(0)
        if isinstance(sample, Mapping):
            out = model(**sample)
        else:
            out = model(*(sample if isinstance(sample, (tuple, list)) else (sample,)))
        bytes_ = sum(saved.values())
        outputs = [t for t in _pytree.tree_leaves(dict(out) if isinstance(out, Mapping) else out) if _is_float(t)]
        learnt = [p for p in model.parameters() if p.requires_grad]
        found: list[Tensor] = []
        wide = [t if t.dtype == torch.float64 else t.float() for t in outputs if t.requires_grad]
        loss = sum((t.square().mean() for t in wide), torch.zeros(()))
        if learnt and loss.requires_grad:
            found = [g for g in torch.autograd.grad(loss, learnt, allow_unused=True) if g is not None]
    for p, g in zip(model.parameters(), gradients, strict=True):
        p.grad = g
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            buffer.copy_(kept[name])
    return [t.detach() for t in outputs], found, bytes_


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _difference(before: list[Tensor], after: list[Tensor]) -> float | None:
    if not before:
        return None
    if [t.shape for t in before] != [t.shape for t in after]:
        return float("inf")
    error = sum((a.double() - b.double()).square().sum().item() for a, b in zip(before, after, strict=True))
    size = sum(a.double().square().sum().item() for a in before)
    return float((error / size) ** 0.5) if size else float(error > 0)
