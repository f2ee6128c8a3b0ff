# SPDX-License-Identifier: Apache-2.0
"""Arguments for every op, for the tests of how it is sharded; of sizes that two do not share evenly."""

import smoothact
import torch
from smoothact._sharding import arguments

SHAPE = (3, 5, 7)
CHANNELS = 1


def random(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def parameters(name):
    """The first with an element for each channel, the others of one for all; None for one that may be absent."""
    tensors = []
    for i, p in enumerate(smoothact.catalogue[name].parameters):
        size = SHAPE[CHANNELS] if i == 0 else 1
        tensors.append(None if p.default is None else p.default * torch.linspace(1, 1.1, size, dtype=torch.float64))
    return tensors


def calls(op):
    """Arguments by their order, of one call or more."""
    family, _, suffix = op.name().removeprefix("smoothact::").partition(".")
    order = next((s for s in ("_double_backward", "_backward", "_jvp") if family.endswith(s)), "")
    family = family.removesuffix(order)
    x, grad, other = random(*SHAPE), random(*SHAPE) + 1, random(*SHAPE) - 1
    if family == "gated":
        narrow = random(SHAPE[1], 1)
        for gate, up in ((x, other), (narrow, x), (x, narrow)):
            result = random(*SHAPE)
            directions = [(None, up), (gate, None), (gate, up)]
            yield from {
                "": [(gate, up, "silu")],
                "_backward": [(result, gate, up, "silu")],
                "_jvp": [(*v, gate, up, "swish", [2.0]) for v in directions],
                "_double_backward": [(*v, result, gate, up, "silu", [], 1.0, 1.0) for v in directions],
            }[order]
    elif family == "gated_packed":
        for dim, size in ((1, (3, 10, 7)), (-1, (3, 5, 14))):
            for layout in ("gate_first", "up_first", "interleaved"):
                given = {"": 1, "_backward": 2, "_double_backward": 3}[order]
                yield (*(random(*size) + 1, random(*SHAPE), random(*size))[3 - given :], dim, layout, "silu")
    elif family == "gated_biased":
        bias, one, narrow = random(SHAPE[1]), random(1), random(SHAPE[1], 1)
        packed = random(3, 10, 7)
        rest = ("interleaved", "silu")
        inputs = [
            (x, other, bias, one, 1),
            (x, other, None, bias, -2),
            (x, narrow, bias, bias, -2),
            (packed, None, bias, None, 1),
        ]
        for *tensors, dim in inputs:
            if not order:
                yield (*tensors, dim, *rest)
                continue
            for needed in ([True] * 4, [False, True, True, False]):
                yield (grad, *tensors, needed, dim, *rest)
    elif family == "smooth_max":
        for kind, dim, keep in (("logsumexp", 1, False), ("mellowmax", -1, True), ("boltzmann", 0, False)):
            row = x.sum(dim, keepdim=keep)
            yield (*{"": (x,), "_backward": (row, x), "_double_backward": (other, row, x)}[order], dim, keep, kind, 2.0)
    elif family == "rational":
        inputs = (x, random(6), random(4))
        if not order:
            yield inputs
            return
        for needed in ([True] * 3, [False, True, False]):
            yield (grad, *inputs, needed)
    elif family.startswith("fewbit"):
        boundaries, levels = smoothact.fewbit.constants("silu", (), 2)
        codes, nothing = torch.ops.smoothact.fewbit_pack(x, boundaries), x.new_empty(0)
        yield {
            "fewbit": (x, "silu", [], boundaries, levels),
            "fewbit_pack": (x, boundaries),
            "fewbit_backward": (grad, codes, nothing, levels),
            "fewbit_history": (x,),
        }[family + order]
    elif family == "_slope":
        three = next(i for i, d in enumerate(smoothact.catalogue.values()) if len(d.parameters) == 3)
        yield (x, *(0.5 + random(*shape).abs() for shape in ((SHAPE[1], 1), (), (SHAPE[2],))), None, three)
    elif suffix == "Tensor":
        learnt = (*parameters(family), random(SHAPE[CHANNELS]))
        # After the dim, which both leave as it is, a layout.
        for self, up, *layout in ((x, None), (x, other), (random(3, 10, 7), None, CHANNELS, "up_first")):
            tensors = (self, *learnt, up)
            if not order:
                yield (*tensors, *layout)
                continue
            for needed in ([True] * len(tensors), [False] * (len(tensors) - 2) + [True, True]):
                yield (grad, *tensors, [n and t is not None for n, t in zip(needed, tensors, strict=True)], *layout)
    else:
        yield (other, grad, x)[{"": 2, "_backward": 1, "_double_backward": 0}[order] :]


def tensors(op, args):
    """The tensors of a call by their names, and all its arguments."""
    given = arguments(op, args, {})
    return {name: value for name, value in given.items() if isinstance(value, torch.Tensor)}, given


def results(op, given):
    """Of an op that returns nothing what it overwrites, a copy."""
    given = {**given, "self": given["self"].clone()} if op._schema.is_mutable else given
    out = op(**given)
    return out if isinstance(out, tuple) else [given["self"] if out is None else out]
