# SPDX-License-Identifier: Apache-2.0
"""The six criteria, judged by multiprecision of the textbook formula and by what is known of the functions."""

import functools
import math

import pytest
import smoothact
import torch
from smoothact import cli
from smoothact._shape import SHARE
from smoothact.card import ANALYTIC, Jump, cost, figure, measure
from smoothact.init import gain
from smoothact.oracle import multiprecision
from support import CASES, DEFAULTS, Case, default, one_of_each_kind

NAMES = list(smoothact.catalogue)
KINDS = one_of_each_kind(DEFAULTS)


def exact(case: Case, x: float, order: int = 0) -> float:
    return float(case.exact(x, order)[order])


def moments(case: Case, breaks: tuple[float, ...] = ()) -> list[float]:
    """E[f(Z)], E[f(Z)²] and E[Z f(Z)] by mpmath's quadrature of the textbook formula."""
    mp = multiprecision().mp
    with mp.workdps(15):
        parameters = {name: mp.mpf(value) for name, value in case.set_parameters.items()}

        @functools.cache
        def value(z):
            return case.definition(z, multiprecision(), **parameters)

        def mean(g):
            return float(mp.quad(lambda z: g(z, value(z)) * mp.npdf(z), sorted({-10, -4, -1, 0, 1, 4, 10, *breaks})))

        return [mean(g) for g in (lambda z, y: y, lambda z, y: y * y, lambda z, y: z * y)]


@pytest.mark.parametrize("case", KINDS)
def test_moments(case):
    card = measure(case.name)
    mean, square, product = moments(case, tuple(jump.at for jump in card.jumps))
    variance = square - mean**2
    assert card.mean == pytest.approx(mean, abs=1e-10)
    assert card.variance == pytest.approx(variance, rel=1e-9)
    assert card.nonlinearity == pytest.approx(1 - product**2 / variance, abs=1e-9)
    assert card.gain == pytest.approx(square**-0.5, rel=1e-9)


@pytest.mark.parametrize("case", DEFAULTS)
def test_descriptor(case):
    """What the descriptor states is what is measured."""
    d, card = case.descriptor, smoothact.catalogue[case.name].card
    assert card.smoothness == d.smoothness or card.smoothness == 2 < d.smoothness
    assert [jump.at for jump in card.jumps if jump.order == 1] == pytest.approx(sorted(d.kinks), abs=1e-12)
    assert (card.left.limit, card.right.limit) == pytest.approx(d.limits, rel=1e-12)
    assert (card.left.slope, card.right.slope) == pytest.approx(d.slopes, rel=1e-12)
    assert card.value_at_zero == pytest.approx(d.value_at_zero, rel=1e-12)
    assert d.slope_at_zero == pytest.approx(exact(case, 0.0, 1), abs=1e-15)
    assert d.minimum == card.minimum and d.domain == (-math.inf, math.inf)


@pytest.mark.parametrize("case", DEFAULTS)
def test_extremes(case):
    """Left and right of the least and the greatest value f is not beyond it, nor anywhere else beyond its range."""
    card = measure(case.name)
    low, high = card.bounds
    for x in (-700.0, -31.0, -9.5, *(k / 8 for k in range(-32, 33)), 7.25, 40.0, 1e4):
        assert low - 1e-14 <= exact(case, x) <= high + 1e-14
    for place, sign in ((card.minimum, 1), (card.maximum, -1)):
        if place:
            x, value = place
            assert exact(case, x) == pytest.approx(value, rel=1e-14, abs=1e-300)
            assert all(sign * exact(case, x + step) >= sign * value for step in (-1e-3, 1e-3))
            assert sign * value < min(sign * card.left.limit, sign * card.right.limit)


def outside(edge: float, inwards: int) -> tuple[float, float]:
    """A point just inside and one just outside."""
    step = 1e-9 * max(1.0, abs(edge)) * inwards
    return edge + step, edge - step


@pytest.mark.parametrize("case", DEFAULTS)
def test_edges(case):
    """The linear region and the active range end where they should."""
    card = measure(case.name)
    origin = exact(case, 0.0)
    for edge, inwards in zip(card.linear, (1, -1), strict=True):
        if edge == 0 or math.isinf(edge):
            continue
        slope = exact(case, math.copysign(1e-12, edge), 1)
        inside, beyond = (abs(exact(case, x) - origin - slope * x) / abs(slope * x) for x in outside(edge, inwards))
        assert inside < SHARE < beyond
    for edge, inwards in zip(card.active or (), (1, -1), strict=bool(card.active)):
        if math.isfinite(edge):
            inside, beyond = (abs(exact(case, x, 1)) for x in outside(edge, inwards))
            assert inside >= SHARE > beyond


@pytest.mark.parametrize("case", CASES[::3])
def test_finite(case):
    """At every parameter there is a card, and its words."""
    card = measure(case.name, **case.set_parameters)
    assert all(math.isfinite(v) for v in (card.mean, card.variance, card.nonlinearity)) and card.variance >= 0
    assert -1e-12 <= card.nonlinearity <= 1 + 1e-12
    assert card.linear[0] <= 0 <= card.linear[1] and 0 <= card.linear_share <= 1
    assert card.bounds[0] <= card.bounds[1]
    assert len(card.rows()) == 9 and not any("nan" in text for _, text in card.rows())


def test_known():
    """Values from the literature, or by hand."""
    relu, sigmoid, silu, elu = (measure(name) for name in ("relu", "sigmoid", "silu", "elu"))
    assert relu.linear == (0, math.inf) and relu.linear_share == 0.5
    assert relu.jumps == (Jump(0.0, 1, 1.0),) and relu.smoothness == 0
    assert (relu.left.saturation, relu.right.saturation) == ("hard", "none")
    assert relu.bounds == (0, math.inf) and relu.attained == (True, False)
    assert relu.nonlinearity == pytest.approx(1 - 0.25 / (0.5 - 0.5 / math.pi))
    assert (sigmoid.left.saturation, sigmoid.right.saturation) == ("soft", "soft")
    assert sigmoid.attained == (False, False) and sigmoid.smoothness == ANALYTIC
    assert silu.minimum == pytest.approx((-1.2784645427610738, -0.2784645427610738))  # -1 - W(1/e), -W(1/e)
    assert elu.active == pytest.approx((math.log(0.05), math.inf))
    assert (elu.smoothness, measure("elu", alpha=2.0).smoothness) == (1, 0)
    assert measure("gelu", approximate="tanh") == measure("gelu_tanh") == measure("GELU_new")
    assert measure("elu", alpha=1.0) == measure("elu") and measure("elu", alpha=2.0).parameters == {"alpha": 2.0}


def test_sharp():
    """What happens within a millionth of 0 is seen."""
    sharp = measure("tanh", k=1e6)
    assert sharp.smoothness == ANALYTIC and sharp.linear[1] == pytest.approx(0.39946e-6, rel=1e-4)
    assert (sharp.mean, sharp.variance) == pytest.approx((0, 1), abs=1e-5)
    assert measure("softplus", beta=1e6).variance == pytest.approx(measure("relu").variance, rel=1e-5)


def test_flat():
    """No division by a variance or a slope of zero."""
    flat, line = measure("tanh", k=0.0), measure("swish", beta=0.0)
    assert (flat.nonlinearity, flat.linear_share, flat.active, flat.gain) == (0, 0, None, math.inf)
    assert line.nonlinearity == 0 and line.linear == line.active == line.bounds == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-1e-16, "0"), (-1.25, "−1.25"), (math.inf, "∞"), (-math.inf, "−∞"), (1 / 3, "0.3333")],
)
def test_figure(value, text):
    assert figure(value) == text


def test_cost():
    found = cost("relu", size=2**12, seconds=0.01)
    assert 0 < found.forward < found.training
    assert found.forward_ratio > 0 and found.training_ratio > 0 and "times relu's" in found.row()[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["misch"], "mish"),
        (["elu", "aplha=2"], "'aplha': its parameters are alpha"),
        (["relu", "alpha=2"], "it has no parameters"),
        (["elu", "alpha"], "NAME=VALUE"),
        (["squareplus", "b=-1"], "b must be non-negative"),
        (["gelu", "approximate=fast"], "'none', 'tanh', 'sigmoid'"),
        (["elu", "alpha=big"], "must be float"),
    ],
)
def test_command_refuses(words, said, capsys):
    assert cli.main(["card", *words]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert said in line


def test_command(capsys, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    assert cli.main(["card", "elu", "alpha=0.5", "--no-cost"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("elu at alpha = 0.5: where(") and "(−0.5, ∞)" in printed and "relu's" not in printed
    assert default("elu").descriptor.definition in printed


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, lambda: torch.device("meta")])
def test_surroundings(mode):
    """The caller's gradient mode and default device do not matter."""
    expected = measure("gelu")
    with mode():
        assert measure("gelu") == expected and gain("gelu") == expected.gain
