# SPDX-License-Identifier: Apache-2.0
"""A model run on a sample, forwards and backwards, and left as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree

# Of the norm of all outputs, and of all gradients, by what the model computes in.
TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 3e-2, torch.float16: 1e-2}


class Trial(NamedTuple):
    """What a model computed on a sample."""

    outputs: list[Tensor]
    gradients: list[Tensor]
    """Of the mean square of all outputs, by the parameters."""
    saved: int
    """Bytes that the forward pass saved for backward, parameters aside."""


def run(model: nn.Module, sample: Any) -> Trial:
    """With the same random numbers every time, and nothing left behind: neither gradients nor changed buffers."""
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
    return Trial([t.detach() for t in outputs], found, bytes_)


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def difference(before: list[Tensor], after: list[Tensor]) -> float | None:
    """The norm of what differs over that of all; None of nothing."""
    if not before:
        return None
    if [t.shape for t in before] != [t.shape for t in after]:
        return float("inf")
    error = sum((a.double() - b.double()).square().sum().item() for a, b in zip(before, after, strict=True))
    size = sum(a.double().square().sum().item() for a in before)
    return float((error / size) ** 0.5) if size else float(error > 0)
