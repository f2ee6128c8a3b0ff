# SPDX-License-Identifier: Apache-2.0
"""Against what everyone has: torch's own function, and the textbook formula in torch ops."""

import functools

import pytest
import smoothact
import torch
import torch.nn.functional as F
from smoothact.reference import derivatives
from support import CASES, DEFAULTS, WIDE, dtype_name


def of_torch(name):
    for selected in smoothact.catalogue.values():
        if selected.selector:
            keyword, choices = selected.selector
            for value, op in choices.items():
                if op == name and hasattr(F, selected.name) and value != "sigmoid":
                    return functools.partial(getattr(F, selected.name), **{keyword: value})
    return getattr(F, name, None) or getattr(torch, name, None)


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("case", [c for c in DEFAULTS if of_torch(c.name)])
def test_equals_torch(case, dtype, device):
    x = torch.linspace(-6, 6, 2001, dtype=dtype, device=device)
    tolerance = {torch.float32: 2e-6, torch.float64: 2e-9}[dtype]  # torch's softplus switches branch at 20
    order = 1 if case.name == "hardsigmoid" else 2  # torch's has no second derivative
    for ours, theirs in zip(derivatives(case, x, order), derivatives(of_torch(case.name), x, order), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e2 * tolerance, atol=tolerance)


def test_torch_has_most_of_them():
    assert sum(of_torch(case.name) is not None for case in DEFAULTS) >= 11


@pytest.mark.parametrize("case", CASES)
def test_equals_textbook(case, device):
    x = torch.linspace(-5, 5, 1000, dtype=torch.float64, device=device)  # even: 0 is not a point
    for ours, theirs in zip(derivatives(case, x), derivatives(case.textbook, x), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize(("beta", "threshold"), [(1.0, 20.0), (2.0, 5.0)])
def test_softplus_threshold_is_torchs(beta, threshold, dtype, device):
    x = torch.linspace(-40, 60, 4001, dtype=dtype, device=device)
    ours = derivatives(lambda v: smoothact.functional.softplus(v, beta=beta, threshold=threshold), x)
    theirs = derivatives(lambda v: F.softplus(v, beta=beta, threshold=threshold), x)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7 if dtype == torch.float32 else 1e-15)


@pytest.mark.parametrize("approximate", ["none", "tanh", "sigmoid"])
def test_gelu_selects(approximate, device):
    x = torch.linspace(-6, 6, 100, device=device)
    keyword, choices = smoothact.catalogue["gelu"].selector
    assert keyword == "approximate"
    chosen = getattr(smoothact.functional, choices[approximate])
    assert torch.equal(smoothact.functional.gelu(x, approximate=approximate), chosen(x))
    assert torch.equal(smoothact.nn.GELU(approximate=approximate)(x), chosen(x))
