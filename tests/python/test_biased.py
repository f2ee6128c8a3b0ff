# SPDX-License-Identifier: Apache-2.0
"""A bias that is added in the same pass; of gates: test_gated_biased."""

import math

import pytest
import smoothact
import smoothact.functional as SF
import torch
from smoothact.oracle import ulp
from support import DEFAULTS, DTYPES, WIDE
from torch.autograd import gradcheck, gradgradcheck
from torch.func import vmap

OPS = torch.ops.smoothact
EVERY = pytest.mark.parametrize("case", DEFAULTS, ids=str)
SMOOTH, NAME = (next(c for c in DEFAULTS if c.descriptor.smoothness == 99), DEFAULTS[0].name)

# Shapes and the dim of their channels: rows shorter and longer than a block, one channel, many, between other dims.
SHAPES = [
    ((3, 5), 1),
    ((70, 3), -1),
    ((301, 1030), -1),
    ((2, 2101), 1),
    ((2, 5, 7, 7), 1),
    ((2, 5, 40, 33), 1),
    ((3, 4, 5, 6), 2),
    ((4, 70, 3), 0),
    ((1, 1, 9), 1),
    ((17,), 0),
]
each_shape = pytest.mark.parametrize(("shape", "dim"), SHAPES, ids=str)


def random(shape, dtype=torch.float64, device="cpu"):
    return torch.randn(shape, dtype=torch.float64).to(device, dtype).requires_grad_()


def beside(bias, rank, dim):
    shape = [1] * rank
    shape[dim] = -1
    return bias.view(shape)


def arranged(x, how):
    """The same values elsewhere in memory."""
    if how == "permuted":
        order = list(range(x.dim()))[::-1]
        return x.permute(order).contiguous().permute(order)
    if how == "strided":
        return torch.stack([x, x + 1], -1)[..., 0]
    return x


def assert_sums(got, expected, magnitudes):
    """Within 1e-6 of the sum of magnitudes in single precision, or a rounding of what it is stored as."""
    error, size = (got.double() - expected).abs(), magnitudes.double()
    bound = max(1e-13 if got.dtype == torch.float64 else 1e-6, torch.finfo(got.dtype).eps)
    assert (error <= bound * size + 1e-12).all()


@EVERY
def test_equals_the_activation_of_the_sum(case, device):
    """Of numbers whose sums have no rounding error."""
    x = (torch.arange(-60, 60, dtype=torch.float32, device=device).view(4, 6, 5) / 8).requires_grad_()
    bias = torch.tensor([-3.0, -0.5, 0.0, 0.125, 1.0, 2.5], device=device, requires_grad=True)
    y = case.functional(x, bias=bias)
    expected = case.functional(x.detach() + bias.detach()[:, None])
    grad = torch.randn_like(y)
    by_x, by_bias = torch.autograd.grad(y, [x, bias], grad)
    slope = case.op(1)(grad, x.detach() + bias.detach()[:, None], *case.values)
    if x.is_cpu:
        assert torch.equal(y.nan_to_num(7), expected.nan_to_num(7))
        assert torch.equal(by_x.nan_to_num(7), slope.nan_to_num(7))
    torch.testing.assert_close(y, expected, equal_nan=True)
    torch.testing.assert_close(by_x, slope, equal_nan=True)
    exact = case.op(1)(grad.double(), x.detach().double() + bias.detach()[:, None], *case.values)
    assert_sums(by_bias, exact.sum((0, 2)), exact.abs().sum((0, 2)))


@EVERY
def test_gradcheck(case, device):
    x, bias = random((2, 3, 2), device=device), random(3, device=device)
    assert gradcheck(lambda x, b: case.functional(x, bias=b), (x, bias), check_forward_ad=True)
    assert gradgradcheck(lambda x, b: case.functional(x, bias=b), (x, bias), fast_mode=True)
    assert gradcheck(lambda b: case.functional(x.detach(), bias=b), random((), device=device), check_forward_ad=True)


@EVERY
def test_second_derivatives_are_those_of_the_sum(case, device):
    """At 0, where sums of padding and of fresh biases are, at kinks and far out too."""
    points = [0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 2.5, -2.5, 40.0, -40.0, *case.descriptor.kinks]
    x = torch.tensor(points, dtype=torch.float64, device=device, requires_grad=True)
    bias = torch.zeros_like(x, requires_grad=True)
    ours, plain = case.functional(x, bias=bias, dim=0), case(x)
    grad = torch.ones_like(x)
    (first,) = torch.autograd.grad(ours, bias, grad, create_graph=True)
    (expected,) = torch.autograd.grad(plain, x, grad, create_graph=True)
    assert torch.equal(first, expected)
    for a in torch.autograd.grad(first, [x, bias], grad):
        assert torch.equal(a, torch.autograd.grad(expected, x, grad, retain_graph=True)[0])


def test_short_rows_apart(device):
    for shape, cut in (((50, 4), 3), ((30, 8, 2, 2), 5), ((3, 70), 66)):
        x, bias = random(shape, torch.float32, device), random(cut, torch.float32, device)
        grad = torch.randn_like(x[:, :cut])
        results = []
        for rows in (x[:, :cut], x[:, :cut].contiguous()):
            y = getattr(SF, NAME)(rows, bias=bias)
            results.append((y, *torch.autograd.grad(y, [x, bias], grad)))
        for a, b in zip(*results, strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("how", ["dense", "permuted", "strided"])
@pytest.mark.parametrize("dtype", DTYPES)
@each_shape
def test_shapes_and_layouts(shape, dim, dtype, how, device):
    x, bias = random(shape, dtype, device), random(shape[dim], dtype, device)
    y = getattr(SF, NAME)(arranged(x, how), bias=bias, dim=dim)
    computed = torch.float64 if dtype == torch.float64 else torch.float32
    total = (x.detach().to(computed) + beside(bias.detach().to(computed), x.dim(), dim)).double()
    expected = getattr(OPS, NAME)(total)
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=3 * eps, atol=3 * eps * total.abs().max().item() / 8)
    grad = torch.randn_like(y)
    by_x, by_bias = torch.autograd.grad(y, [x, bias], grad)
    slope = getattr(OPS, NAME + "_backward")(grad.double(), total)
    torch.testing.assert_close(by_x.double(), slope, rtol=4 * eps, atol=4 * eps)
    others = [d for d in range(x.dim()) if d != dim % x.dim()]
    sizes = slope.abs() + grad.double().abs() / 8  # near a zero of f' it is f that has an error
    assert_sums(by_bias, slope.sum(others) if others else slope, sizes.sum(others) if others else sizes)
    if how != "dense":
        plain = x.detach().requires_grad_()
        again = getattr(SF, NAME)(plain, bias=bias.detach(), dim=dim)
        assert torch.equal(again, y)
        assert torch.equal(torch.autograd.grad(again, plain, grad)[0], by_x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_result_depends_on_threads_or_on_what_else_is_asked_for(dtype):
    x, bias, threads = random((700, 2100), dtype), random(2100, dtype), torch.get_num_threads()
    grad = torch.randn_like(x)
    seen = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            y = getattr(SF, NAME)(x, bias=bias)
            seen.append((y, *torch.autograd.grad(y, [x, bias], grad)))
    finally:
        torch.set_num_threads(threads)
    alone = torch.autograd.grad(getattr(SF, NAME)(x.detach(), bias=bias), bias, grad)
    seen.append((seen[0][0], torch.autograd.grad(getattr(SF, NAME)(x, bias=bias.detach()), x, grad)[0], *alone))
    for other in seen[1:]:
        for a, b in zip(seen[0], other, strict=True):
            assert torch.equal(a, b)


def test_rounded_once():
    """What 16 bits round: the result alone."""
    x, bias = random((50, 400), torch.bfloat16).detach(), random(400, torch.float32).detach()
    total = x.double() + bias.double()
    y, exact = getattr(SF, NAME)(x, bias=bias), getattr(OPS, NAME)(total)
    steps = torch.tensor([ulp(v, "bfloat16") for v in exact.flatten().tolist()]).view_as(exact)
    assert ((y.double() - exact).abs() / steps).max() <= 0.51


@pytest.mark.parametrize("dtype", WIDE)
def test_infinities_and_nan(dtype, device):
    ends = torch.tensor([-math.inf, math.inf, math.nan, 0.5], dtype=dtype, device=device)
    for case in DEFAULTS:
        got = case.functional(ends, bias=torch.tensor(1.0, dtype=dtype, device=device))
        torch.testing.assert_close(got, case(ends + 1), equal_nan=True)
        got = case.functional(torch.tensor([2.0] * 4, dtype=dtype, device=device), bias=ends, dim=0)
        torch.testing.assert_close(got, case(ends + 2), equal_nan=True)


def test_dtypes_of_bias_and_of_its_gradient(device):
    for dtype in DTYPES:
        for other in DTYPES:
            x, bias = random((3, 4), dtype, device), random(4, other, device)
            y = getattr(SF, NAME)(x, bias=bias)
            assert y.dtype == dtype
            y.sum().backward()
            assert (x.grad.dtype, bias.grad.dtype) == (dtype, other)


def test_a_bias_beside_parameters_that_learn(device):
    learners = [d for d in smoothact.catalogue.values() if d.parameters and d.smoothness == 99][:3]
    for descriptor in learners:
        x, bias = random((2, 3, 2), device=device), random(3, device=device)
        p = [
            torch.full((3,), v.default or 0.5, dtype=x.dtype, device=device).requires_grad_()
            for v in descriptor.parameters
            if v.default is not None
        ]
        names = [v.name for v in descriptor.parameters if v.default is not None]

        def call(x, bias, *p, names=names, name=descriptor.name):
            return getattr(SF, name)(x, bias=bias, **dict(zip(names, p, strict=True)))

        assert gradcheck(call, (x, bias, *p), check_forward_ad=True)
        torch.testing.assert_close(call(x, bias, *p), call(x + bias[:, None], None, *p))
        single = call(x.float(), bias.float(), *p)
        torch.testing.assert_close(single.double(), call(x + bias[:, None], None, *p), rtol=1e-5, atol=1e-6)


def test_vmap(device):
    x, bias = random((5, 2, 3), device=device).detach(), random((5, 3), device=device).detach()
    function = getattr(SF, NAME)
    expected = torch.stack([function(a, bias=b) for a, b in zip(x, bias, strict=True)])
    torch.testing.assert_close(vmap(lambda a, b: function(a, bias=b))(x, bias), expected)
    torch.testing.assert_close(vmap(lambda b: function(x[0], bias=b))(bias)[0], expected[0])
    gated = vmap(lambda a, b: SF.gated(a, a, activation=NAME, gate_bias=b))(x, bias)
    torch.testing.assert_close(gated[3], SF.gated(x[3], x[3], activation=NAME, gate_bias=bias[3]))


def test_compile(device):
    x, bias = random((4, 6), torch.float32, device), random(6, torch.float32, device)
    half = random(3, torch.float32, device)

    def both(x, bias, half):
        return getattr(SF, NAME)(x, bias=bias).sum() + SF.gated(x, activation=NAME, up_bias=half).square().sum()

    results = [
        (y := f(x, bias, half), *torch.autograd.grad(y, [x, bias, half]))
        for f in (both, torch.compile(both, fullgraph=True))
    ]
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_opcheck(device):
    x, bias, half = (random(s, device=device) for s in ((2, 6), (6,), (3,)))
    torch.library.opcheck(getattr(OPS, NAME).Tensor, (x, bias))
    rest = (-1, "interleaved", NAME)
    torch.library.opcheck(OPS.gated_biased.default, (x, None, half, half, *rest))
    torch.library.opcheck(OPS.gated_biased.default, (x, x.detach(), None, bias, *rest))
    grad, plain = torch.randn(2, 6, dtype=x.dtype, device=device), x.detach()
    for needed in ([True] * 4, [False, False, True, False]):
        inputs = grad, plain, plain, bias.detach(), None
        torch.library.opcheck(OPS.gated_biased_backward.default, (*inputs, needed, *rest))


def test_empty(device):
    for shape in ((0, 3), (3, 0)):
        x, bias = random(shape, device=device), random(shape[1], device=device)
        y = getattr(SF, NAME)(x, bias=bias)
        y.sum().backward()
        assert y.shape == x.grad.shape == shape
        assert bias.grad.eq(0).all()
    x = random((0, 6), device=device)
    bias = random(3, device=device)
    SF.gated(x, activation=NAME, gate_bias=bias).sum().backward()
    assert bias.grad.eq(0).all() and x.grad.shape == x.shape


def test_modules(device):
    x, bias = random((2, 3, 4), device=device), random(4, device=device)
    module = getattr(smoothact.nn, smoothact.catalogue[NAME].module)(dim=-1)
    assert torch.equal(module(x, bias=bias), getattr(SF, NAME)(x, bias=bias, dim=-1))
    gate = smoothact.nn.GLU(activation=NAME)
    half = bias[:2]
    assert torch.equal(gate(x, gate_bias=half), SF.gated(x, activation=NAME, layout="up_first", gate_bias=half))
    assert torch.equal(gate(x, x, up_bias=bias), SF.gated(x, x, activation=NAME, up_bias=bias))
    learner = next(d for d in smoothact.catalogue.values() if d.parameters)
    learnt = getattr(smoothact.nn, learner.module)(learnable=True, dtype=torch.float64, device=device)
    module = smoothact.nn.GLU(activation=learnt, layout="gate_first")
    gate, up = x.chunk(2, -1)
    torch.testing.assert_close(module(x, gate_bias=half), learnt(gate + half) * up)


def test_errors(device):
    x, function = torch.randn(2, 3, 4, device=device), getattr(SF, NAME)
    of = rf"smoothact::{NAME}: "
    for error, message, bias, dim in (
        (ValueError, of + r"expected bias to have the size of self along dim 1 \(3\), got 4", torch.ones(4), 1),
        (ValueError, of + r"expected bias to have no dimensions or one, got shape \[3, 1\]", torch.ones(3, 1), 1),
        (IndexError, of + "bias has 3 channels along dim 5, but self has 3 dimensions", torch.ones(3), 5),
        (TypeError, of + "expected bias to be of Float, Double, BFloat16 or Half", torch.ones(3, dtype=torch.int), 1),
        (TypeError, rf"{NAME}\(\): argument 'bias' must be Tensor or None, not float", 0.5, 1),
    ):
        with pytest.raises(error, match=message):
            function(x, bias=bias.to(device) if isinstance(bias, torch.Tensor) else bias, dim=dim)
    for error, message, arguments in (
        (
            ValueError,
            r"expected gate_bias to have the size of gate along dim 2 \(2\), got 4",
            {"gate_bias": torch.ones(4, device=device)},
        ),
        (
            ValueError,
            r"expected up_bias to have the size of up along dim -1 \(4\), got 3",
            {"up": x, "up_bias": torch.ones(3, device=device)},
        ),
        (TypeError, r"gated\(\): argument 'up_bias' must be Tensor or None, not int", {"up_bias": 1}),
    ):
        with pytest.raises(error, match=message):
            SF.gated(x, activation=NAME, **arguments)
    if "relu" in smoothact.catalogue:
        with pytest.raises(TypeError, match="inplace=True takes no bias"):
            SF.relu(x, inplace=True, bias=torch.ones(3, device=device))
