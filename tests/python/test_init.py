# SPDX-License-Identifier: Apache-2.0
"""The gain: torch's where that is of the same kind, and a deep network whose signal keeps its size."""

import math

import pytest
import smoothact
import torch
from smoothact.init import gain
from support import CASES

THEIRS = {"relu": (), "leaky_relu": (0.01,)}  # by formula; torch's others are empirical or stand for a line


@pytest.mark.parametrize("name", [name for name in THEIRS if name in smoothact.catalogue])
def test_torch(name):
    assert gain(name) == pytest.approx(torch.nn.init.calculate_gain(name, *THEIRS[name]), rel=1e-12)


@pytest.mark.skipif("leaky_relu" not in smoothact.catalogue, reason="no leaky_relu in this build")
@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
def test_leaky(slope):
    (parameter,) = smoothact.catalogue["leaky_relu"].parameters
    theirs = torch.nn.init.calculate_gain("leaky_relu", slope)
    assert gain("leaky_relu", **{parameter.name: slope}) == pytest.approx(theirs, rel=1e-12)


def test_known():
    assert gain("selu") == pytest.approx(1, rel=1e-12)  # by construction
    assert gain("swish", beta=0.0) == pytest.approx(2, rel=1e-12)  # x / 2
    assert gain("squareplus") == pytest.approx(math.sqrt(2 / 3), abs=0.01)
    assert gain("tanh") == pytest.approx(1.592537419722831, rel=1e-12)  # torch's 5/3 is empirical
    assert gain("GELU", approximate="tanh") == gain("gelu_new") == gain("gelu_tanh")


@pytest.mark.parametrize("case", CASES)
def test_it_keeps_the_second_moment(case):
    """Over a dense sum, which shares nothing with the quadrature."""
    z = torch.linspace(-12, 12, 400_001, dtype=torch.float64)
    density = torch.exp(-z * z / 2)
    second = (case.textbook(z.clone()).square() * density).nansum() / density.sum()
    if second == 0:
        with pytest.raises(ValueError, match="zero everywhere"):
            gain(case.name, **case.set_parameters)
    else:
        assert gain(case.name, **case.set_parameters) == pytest.approx(second.item() ** -0.5, rel=1e-6)


def test_deep_network():
    torch.manual_seed(0)
    x = torch.randn(512, 1024)
    for name in ("mish", "softplus", "elu", "gelu") * 5:
        x = getattr(smoothact.functional, name)(x) @ (torch.randn(1024, 1024) * gain(name) / 32)
    assert 0.5 < x.var() < 2


def test_refuses():
    with pytest.raises(ValueError, match="did you mean"):
        gain("rellu")
    with pytest.raises(TypeError, match="its parameters are alpha"):
        gain("elu", slope=1.0)
    with pytest.raises(TypeError, match="does not take 'inplace': it has no parameters"):
        gain("relu", inplace=True)
    with pytest.raises(ValueError, match="b must be"):
        gain("squareplus", b=-1.0)
    with pytest.raises(ValueError, match="approximate must be one of"):
        gain("gelu", approximate="fast")
    with pytest.raises(ValueError, match="zero everywhere"):
        gain("tanh", k=0.0)
