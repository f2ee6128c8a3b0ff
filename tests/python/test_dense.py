# SPDX-License-Identifier: Apache-2.0
"""The accuracy contract in float32 on a third of a million points, where float64 can judge.

The textbook formula in float64 with an error bound is the reference; points where that bound is not a small part of an
ulp (cancellation, tails) are left to the multiprecision of test_values.
"""

import pytest
import torch
from smoothact import enclosure
from smoothact.certificate import own_zeros, spacing
from support import CASES, ORDERS, grid
from test_values import KERNEL

# What these come to on CUDA: the CPU computes most of them in double, where a GPU's single precision pays for itself.
CUDA_MISSES = {
    "eswish": (2.7, 4, 4),
    "eswish[beta=0.3]": (2.8, 4, 4),
    "eswish[beta=2.5]": (2.8, 4, 4),
    "acon_c[p2=-0.75]": (2.6, 4, 4),
    "gaussian_relu[s=2.5]": (2.6, 4, 4),
    "tanhshrink": (2.9, 4, 4),
    "gate_arctan[g=0.3]": (2.5, 4.3, 4),
    "mish_gate[a=0.3]": (2.5, 4, 4.3),
    "mish_gate[a=2.5]": (2.5, 4, 4.5),
}


def sample(name):
    generator = torch.Generator().manual_seed(0)
    pieces = [torch.empty(60_000).uniform_(-span, span, generator=generator) for span in (1, 4, 12, 104)]
    spread = torch.exp2(torch.empty(100_000).uniform_(-20, 7, generator=generator))
    pieces.append(torch.where(torch.rand(100_000, generator=generator) < 0.5, spread, -spread))
    return torch.unique(torch.cat(pieces))


def near_own_zero(case, order, x):
    """Where the contract is an absolute error: see support.allowances."""
    points = grid(case.name, torch.float32).tolist()
    exact = [(p, e[order]) for p in points if (e := case.exact(p, 3)) is not None]
    near = torch.zeros_like(x, dtype=torch.bool)
    for a, b in own_zeros(*zip(*exact, strict=True)):
        near |= (a * x > 0) & (abs(a) / 2 <= x.abs()) & (x.abs() <= 1.5 * abs(b))
    return near


@pytest.mark.parametrize("case", [case for case in CASES if 0.0 not in case.values])
def test_contract(case, device):
    x = sample(case.name)
    wide = x.double()
    reference = enclosure.derivatives(case.definition, wide, 3, **case.set_parameters)
    bounds = CUDA_MISSES.get(str(case), KERNEL) if device == "cuda" else KERNEL
    for order, bound in enumerate(bounds):
        got = case.derivative(x.to(device), order).cpu().double()
        value, slope = reference[order].v, reference[order + 1].v.nan_to_num(0, 0, 0)
        unit = spacing(value, torch.float32)
        trusted = reference[order].e <= 0.01 * unit
        assert trusted.sum() > 0.3 * len(x) or case.name == "relu", "the reference judges too little"
        limit = bound * unit
        relaxed = torch.maximum(limit, 2 * spacing(wide * slope, torch.float32))
        limit = torch.where(near_own_zero(case, order, wide), relaxed, limit)
        ulps = ((got - value).abs() / limit * bound)[trusted]
        worst = int(ulps.argmax())
        at = x[trusted][worst].item()
        assert ulps[worst] <= bound, f"{ORDERS[order]}({at!r}): {ulps[worst]:.3g} ulp"
