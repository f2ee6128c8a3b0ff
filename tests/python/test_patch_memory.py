# SPDX-License-Identifier: Apache-2.0
"""patch with less memory: fewbit and recompute, verified, reported and undone."""

import copy

import pytest
import smoothact
import torch
from smoothact._trial import run
from support import WHOLE
from test_patch import MLP, Experts, assert_same
from torch import nn

pytestmark = WHOLE


@pytest.fixture
def x(device):
    return torch.randn(64, 6, dtype=torch.float64, device=device)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_fewbit(bits, x):
    plain = MLP(nn.GELU(), "sum").to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x, fewbit=bits)
    assert report.rows[0]["is"] == f"GELU(approximate='none', fewbit={bits})"
    # One of 64 by 8 doubles is left out for codes.
    assert report.saved[0] - report.saved[1] == 64 * 8 * 8 - 64 * 8 * bits // 8
    assert report.outputs < 1e-9 and 1e-4 < report.gradients < 0.2
    assert f"gradients by {report.gradients:.1e}" in str(report)
    smoothact.unpatch(model)
    assert_same(model, plain, x)


def test_what_gates_or_learns_saves_as_before(x):
    for model in (MLP(nn.SiLU()), MLP(nn.PReLU(), "sum")):
        report = smoothact.patch(model.to(x), x, fewbit=2)
        assert "fewbit" not in report.rows[0]["is"] and report.gradients < 1e-9


@pytest.mark.parametrize("bits", [5, True, "2", 2.0])
def test_bad_bits(bits, x):
    model = MLP(nn.GELU(), "sum").to(x)
    with pytest.raises(ValueError if type(bits) is int else TypeError, match="fewbit"):
        smoothact.patch(model, x, fewbit=bits)
    assert type(model.act_fn) is nn.GELU


@pytest.mark.parametrize(
    "model", [MLP(nn.SiLU()), MLP(nn.GELU(), "sum"), Experts("halves")], ids=["gate", "sum", "packed"]
)
def test_recompute(model, x):
    plain = nn.Sequential(nn.Linear(6, 8), model, nn.Linear(4, 3)) if isinstance(model, Experts) else model
    plain = copy.deepcopy(plain).to(x)
    kept, again = copy.deepcopy(plain), copy.deepcopy(plain)
    before = smoothact.patch(kept, x).saved[1]
    report = smoothact.patch(again, x, recompute=True)
    assert report.outputs < 1e-9 and report.gradients < 1e-9
    if getattr(model, "order", "") != "sum":  # what is added keeps nothing of it
        assert report.saved[1] < before
    assert run(again, x).saved == report.saved[1]
    assert_same(again, plain, x)
    smoothact.unpatch(again)
    assert run(again, x).saved == report.saved[0]
    assert repr(again) == repr(plain)


def test_both(x):
    plain = MLP(nn.GELU(), "sum").to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x, fewbit=4, recompute=True)
    assert report.outputs < 1e-9 and report.gradients < 0.2
    smoothact.unpatch(model)
    assert_same(model, plain, x)
    assert smoothact.patch(nn.Linear(6, 6).to(x), x, fewbit=4, recompute=True).rows == []
