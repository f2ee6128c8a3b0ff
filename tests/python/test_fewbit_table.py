# SPDX-License-Identifier: Apache-2.0
"""Tables of few-bit derivatives: the stated errors hold and are met, and no other table does better."""

import dataclasses
import itertools
import math

import pytest
import smoothact
import torch
from smoothact import fewbit
from smoothact._normal import expectation
from support import Case, default, one_of_each_kind

F64 = {"dtype": torch.float64}
UNBOUNDED = {"relu_squared", "star_relu", "xielu"}
PRESENT = [default(name) for name in smoothact.catalogue]
TRIALS = [
    *one_of_each_kind(PRESENT),
    *(c for c in (Case("softplus", (15.0, None)), Case("swish", (-2.0,))) if c.name in smoothact.catalogue),
]


def slope(case, x):
    """f' of the textbook formula, by torch's autograd."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(case.textbook(x).sum(), x)[0]


def table(case, bits):
    return fewbit.table(case.name, bits, **case.set_parameters)


def error(case, bits, x):
    return (slope(case, x) - table(case, bits)(x)).abs()


@pytest.mark.parametrize("bits", fewbit.BITS)
@pytest.mark.parametrize("case", TRIALS)
def test_the_bound_holds_and_is_met(case, bits):
    found = table(case, bits)
    assert len(found.boundaries) == len(found.levels) - 1 == 2**bits - 1
    assert sorted(found.boundaries) == list(found.boundaries)
    if not math.isfinite(found.max_error):
        assert case.name in UNBOUNDED
        return
    even = 40 * torch.rand(20_000, **F64) - 20
    edges = torch.tensor([b for b in found.boundaries if math.isfinite(b)], **F64)
    x = torch.cat([torch.randn(20_000, **F64), even, torch.logspace(-9, 1.3, 500, **F64), edges - 1e-9, edges + 1e-9])
    # At a kink a convention decides.
    x = x[~torch.isin(x, torch.tensor(case.descriptor.kinks, **F64))]
    found_error = error(case, bits, x)
    assert found_error.max() <= found.max_error + 1e-9
    assert found_error.max() >= 0.98 * found.max_error - 1e-6


@pytest.mark.parametrize("case", TRIALS)
def test_the_mean_error_is_that_of_a_normal_input(case):
    for bits in fewbit.BITS:
        square = expectation(lambda z, bits=bits: error(case, bits, z).square()[None]).item()
        assert math.sqrt(square) == pytest.approx(table(case, bits).rms_error, rel=2e-3, abs=1e-6)


def test_more_bits_are_better():
    for case in TRIALS:
        errors = [table(case, bits).rms_error for bits in fewbit.BITS]
        assert all(b <= a for a, b in itertools.pairwise(errors)), case


@pytest.mark.parametrize("case", TRIALS)
def test_no_table_beside_it_is_better(case):
    """By the weight of which the documentation speaks, on a grid of its own."""
    x = torch.linspace(-32, 32, 256_001, **F64) + 1e-5
    weight = 0.99 * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi) + 0.01 / 64
    weight /= weight.sum()
    exact = slope(case, x)

    def loss(t):
        return (weight * (exact - t(x)).square()).sum().item()

    found = table(case, 3)
    least = loss(found)
    for field in ("boundaries", "levels"):
        numbers = getattr(found, field)
        for i, step in itertools.product(range(len(numbers)), (-0.02, 0.02)):
            moved = [n + step * (i == k) for k, n in enumerate(numbers)]
            if moved == sorted(moved) or field == "levels":
                assert loss(dataclasses.replace(found, **{field: tuple(moved)})) >= least - 1e-7, (field, i, step)


def test_steps_are_exact():
    assert fewbit.table("relu", 2) == fewbit.Table("relu", 2, (0.0, math.inf, math.inf), (0.0, 1.0, 1.0, 1.0), 0.0, 0.0)
    leaky = fewbit.table("leaky_relu", 3, negative_slope=0.3)
    assert leaky.levels[:2] == pytest.approx((0.3, 1)) and leaky.max_error < 1e-15


def test_names_and_parameters():
    gelu_tanh = fewbit.table("gelu_tanh", 2)
    assert fewbit.table("gelu", 2, approximate="tanh") == fewbit.table("jax.nn.gelu", 2) == gelu_tanh
    assert fewbit.table("swish", 2, beta=1.0) is fewbit.table("swish", 2)
    assert fewbit.table("softplus", 4, beta=3.0).levels != fewbit.table("softplus", 4).levels


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        (("mish", 5), {}, ValueError, "fewbit.table: fewbit must be 2, 3 or 4, got 5"),
        (("mish", 2.0), {}, TypeError, "must be int or None, not float"),
        (("mish", True), {}, TypeError, "must be int or None, not bool"),
        (("no such", 2), {}, ValueError, "fewbit.table: no activation is named"),
        (("mish", 2), {"beta": 1.0}, TypeError, "mish has no parameter 'beta'"),
        (("softplus", 2), {"beta": -1.0}, ValueError, "beta must be positive and finite"),
        (("softplus", 2), {"beta": torch.ones(())}, TypeError, "must be float, not Tensor"),
    ],
    ids=lambda v: None,
)
def test_bad_arguments(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        fewbit.table(*arguments, **keywords)


def test_whatever_mode_the_caller_is_in():
    from torch._subclasses import FakeTensorMode

    expected = fewbit.table("mish", 4)
    for mode in (torch.inference_mode(), torch.device("meta"), FakeTensorMode(), torch.no_grad()):
        fewbit._table.cache_clear()
        with mode:
            assert fewbit.table("mish", 4) == expected
