# SPDX-License-Identifier: Apache-2.0
"""patch: activations that a module's own code calls by name."""

import copy
import functools

import pytest
import smoothact
import torch
from smoothact._calls import DirectCalls
from support import WHOLE
from test_patch import assert_same
from torch import nn
from torch.nn import functional as F
from torch.nn.functional import mish

pytestmark = WHOLE


class SwiGLU(nn.Module):
    """As Llama's first code wrote it."""

    def __init__(self):
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(6, 8), nn.Linear(8, 6), nn.Linear(6, 8)

    def forward(self, x, *, scale: float = 1.0):
        """Doc."""
        return self.w2(F.silu(self.w1(x)) * self.w3(x)) * scale


class Many(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.offset = nn.Linear(6, 6), 1.0

    def forward(self, x):
        def inner(t):
            return torch.nn.functional.gelu(t, approximate="tanh") + F.gelu(t)

        x = mish(inner(self.linear(x)))
        x = F.leaky_relu(x, 0.3) + F.leaky_relu(x, negative_slope=0.1) + F.elu(x, 0.5, False)
        return torch.sigmoid(x) + F.relu(x + 1, inplace=True) + F.softmax(x, -1) + self.offset


def wrapped(forward):
    @functools.wraps(forward)
    def call(*arguments):
        return forward(*arguments)

    return call


class Decorated(nn.Linear):
    @wrapped
    def forward(self, x):
        return F.silu(super().forward(x))


@pytest.fixture
def x(device):
    return torch.randn(5, 6, dtype=torch.float64, device=device)


def left(model, x):
    """Names of torch's activations that the model still calls."""
    calls = []
    with DirectCalls(model, calls.append):
        model(x)
    return [call.function.__name__ for call in calls]


def test_gate(x):
    plain = SwiGLU().to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, ({"x": x, "scale": 2.0}))
    assert report.rows == [{"module": "(model)", "was": "silu()", "is": "SiLU()", "what": "gate"}]
    assert report.saved[1] < report.saved[0] and report.outputs < 1e-12
    assert (model.forward.__doc__, model.forward.__qualname__) == ("Doc.", SwiGLU.forward.__qualname__)
    assert_same(model, plain, x)
    assert left(model, x) == [] and left(plain, x) == ["silu"]
    smoothact.unpatch(model)
    assert "forward" not in vars(model) and left(model, x) == ["silu"]


def test_every_way_to_name_one(x):
    plain = nn.Sequential(Many(), Many()).to(x)
    model = copy.deepcopy(plain)
    report = smoothact.patch(model, x)
    assert sorted(row["is"] for row in report.rows if row["module"] == "0") == [
        "ELU(alpha=0.5)",
        "GELU(approximate='none')",
        "GELUTanh()",
        "LeakyReLU(negative_slope=0.1)",
        "LeakyReLU(negative_slope=0.3)",
        "Mish()",
        "Sigmoid()",
    ]
    assert left(model, x) == []
    assert_same(model, plain, x)
    model[0].offset = plain[0].offset = 3.0  # the module is still the module
    assert_same(model, plain, x)


def test_other_arguments_later_are_torchs(x):
    class Sloped(SwiGLU):
        slope = 0.3

        def forward(self, x):
            return F.leaky_relu(self.w1(x), self.slope)

    plain = Sloped().to(x)
    model = copy.deepcopy(plain)
    smoothact.patch(model, x)
    assert left(model, x) == []
    model.slope = plain.slope = 0.2
    assert left(model, x) == ["leaky_relu"]
    torch.testing.assert_close(model(x), plain(x))


def test_what_cannot_be_renamed_is_left(x):
    for model in (Decorated(6, 6).to(x), SwiGLU().to(x)):
        if isinstance(model, SwiGLU):
            model.forward = functools.partial(SwiGLU.forward, model)
        plain = copy.deepcopy(model)
        assert smoothact.patch(model, x).rows == []
        torch.testing.assert_close(model(x), plain(x))


def test_copies(x):
    plain = SwiGLU().to(x)
    model = copy.deepcopy(plain)
    smoothact.patch(model, x)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.w1.weight.zero_()
    assert_same(model, plain, x)
    assert not other(x).equal(model(x))
    smoothact.unpatch(other)
    assert "forward" in vars(model) and "forward" not in vars(other)


def test_compiled(x):
    plain = nn.Sequential(SwiGLU(), Many()).to(x)
    model = copy.deepcopy(plain)
    smoothact.patch(model, x)
    compiled = torch.compile(model, fullgraph=True)
    torch.testing.assert_close(compiled(x), plain(x))
    assert_same(compiled, plain, x, 1e-6)
