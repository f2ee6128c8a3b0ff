# SPDX-License-Identifier: Apache-2.0
"""Tensors for parameters: values and gradients against the textbook formula, finite differences and multiprecision."""

import math

import mpmath
import pytest
import smoothact
import smoothact.functional as SF
import torch
from smoothact.oracle import Definition, multiprecision
from smoothact.reference import formula
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad as gradient
from torch.func import jvp, vmap

LEARNABLE = [d for d in smoothact.catalogue.values() if d.parameters]
# What the formula of the reference cannot differentiate: by the shape of an incomplete gamma function.
NO_REFERENCE = {"gennorm_cdf", "gennorm_relu"}
POINTS = [s * v for v in (1e30, 1e10, 700, 150, 40, 11, 3.3, 1, 0.3, 1e-5, 1e-30) for s in (-1.0, 1.0)] + [0.0]


def values(descriptor):
    """A value of every parameter: its default where that is a number and not 0."""
    return [20.0 if p.default is None else p.default or 0.3 for p in descriptor.parameters]


def parameters(descriptor, channels, device, dtype=torch.float64):
    spread = [1.0] if channels is None else [1.0, 1.1, 1.25]
    shape = [] if channels is None else [3]
    rows = [torch.tensor([v * s for s in spread], dtype=dtype, device=device) for v in values(descriptor)]
    return [row.reshape(shape).requires_grad_() for row in rows]


def sample(device, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 3, 2, generator=generator, dtype=torch.float64) * 2
    return x.to(device, dtype).requires_grad_()


def each(argument):
    return pytest.mark.parametrize("descriptor", argument, ids=lambda d: d.name)


@pytest.mark.parametrize("channels", [None, 3])
@each(LEARNABLE)
def test_gradcheck(descriptor, channels, device):
    function = getattr(SF, descriptor.name)
    inputs = [sample(device), *parameters(descriptor, channels, device)]
    assert gradcheck(function, inputs, check_forward_ad=True)
    assert gradgradcheck(function, inputs, fast_mode=True)


@each(LEARNABLE)
def test_second_derivatives_are_those_of_numbers(descriptor, device):
    """At 0, where |x| has no derivative, at kinks and far out too; test_dense holds those to multiprecision."""
    points = [0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 2.5, -2.5, 40.0, -40.0, *descriptor.kinks, *descriptor.right_kinks]
    x = torch.tensor(points, dtype=torch.float64, device=device, requires_grad=True)
    function, p = getattr(SF, descriptor.name), parameters(descriptor, None, device)
    (first,) = torch.autograd.grad(function(x, *values(descriptor)).sum(), x, create_graph=True)
    expected = torch.autograd.grad(first.sum(), x)[0] if first.requires_grad else torch.zeros_like(x)
    (first,) = torch.autograd.grad(function(x, *p).sum(), x, create_graph=True)
    slope = vmap(gradient(lambda t: function(t, *p)))
    for second in (
        torch.autograd.grad(first.sum(), x)[0],
        gradient(lambda t: slope(t).sum())(x.detach()),
        jvp(slope, (x.detach(),), (torch.ones_like(x),))[1],
        vmap(gradient(gradient(lambda t: function(t, *p))))(x.detach()),
    ):
        torch.testing.assert_close(second.detach(), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("channels", [None, 3])
@each([d for d in LEARNABLE if d.name not in NO_REFERENCE])
def test_equals_the_textbook(descriptor, channels, device):
    x, p = sample(device), parameters(descriptor, channels, device)
    shaped = [v if channels is None else v.view(3, 1) for v in p]
    expected = formula(
        descriptor.definition, **dict(zip([q.name for q in descriptor.parameters], shaped, strict=True))
    )(x)
    y = getattr(SF, descriptor.name)(x, *p)
    torch.testing.assert_close(y, expected, rtol=1e-11, atol=1e-12)
    grad = torch.randn_like(x)
    ours = torch.autograd.grad(y, [x, *p], grad)
    theirs = torch.autograd.grad(expected, [x, *p], grad, allow_unused=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b, rtol=1e-9, atol=1e-10)


def exact_slope(descriptor, x, name, at):
    """The definition's derivative by a parameter: a central difference in so many digits that it is exact."""
    field, mp = multiprecision(), mpmath.mp
    definition = Definition(descriptor.definition)
    with mp.workprec(2500):
        step = mp.ldexp(1, -600)

        def moved(sign):
            p = {k: mp.mpf(v) for k, v in at.items()}
            p[name] += sign * step
            return definition(mp.mpf(x), field, **p)

        return float((moved(1) - moved(-1)) / (2 * step))


@each(LEARNABLE)
def test_parameter_gradients_against_multiprecision(descriptor):
    points = [x for x in POINTS if x not in (*descriptor.kinks, *descriptor.right_kinks)]
    points = points[:: 4 if descriptor.name in NO_REFERENCE else 1]
    x = torch.tensor(points, dtype=torch.float64)
    named = {p.name: v for p, v in zip(descriptor.parameters, values(descriptor), strict=True)}
    named = {p.name: named[p.name] for p in descriptor.parameters if not p.optional}
    p = {name: torch.full_like(x, v, requires_grad=True) for name, v in named.items()}
    y = getattr(SF, descriptor.name)(x, **p, dim=0)
    for name, grad in zip(p, torch.autograd.grad(y.sum(), list(p.values())), strict=True):
        for at, computed in zip(points, grad.tolist(), strict=True):
            exact = exact_slope(descriptor, at, name, named)
            # Of a difference of terms that nearly cancel, an error of the terms; what is below e^-700 may count as 0.
            floor = 1e-15 * min(1, abs(at)) + (1e-16 if descriptor.smoothness < 99 else 1e-290)
            assert abs(computed - exact) <= 1e-12 * abs(exact) + floor, (name, at)


@each(LEARNABLE)
def test_infinities_and_nan(descriptor, device):
    x = torch.tensor([-math.inf, math.inf, math.nan], dtype=torch.float64, device=device, requires_grad=True)
    v = values(descriptor)
    p = [torch.full_like(x, value, requires_grad=True) for value in v]
    y = getattr(SF, descriptor.name)(x, *p, dim=0)
    grads = torch.autograd.grad(y.sum(), [x, *p])
    # At the infinities a formula is its limits, whatever its parameters are made of.
    for order, computed in enumerate((y, grads[0])):
        inputs = [*[torch.ones_like(x)] * order, x.detach()]
        plain = smoothact._C.composite(descriptor.name, order, inputs, v)
        assert torch.equal(computed.nan_to_num(7), plain.nan_to_num(7))
    for q, grad in zip(descriptor.parameters, grads[1:], strict=True):
        assert not grad[:2].isnan().any()
        assert grad[2].isnan() or q.optional


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@each(LEARNABLE)
def test_a_parameter_keeps_its_dtype_and_promotes_nothing(descriptor, dtype, device):
    x = sample(device, dtype)
    wide = torch.float64 if dtype == torch.float32 else torch.float32
    p = parameters(descriptor, 3, device, wide)
    y = getattr(SF, descriptor.name)(x, *p)
    assert y.dtype == dtype
    grads = torch.autograd.grad(y.sum(), [x, *p])
    assert [g.dtype for g in grads] == [dtype] + [wide] * len(p)
    exact = getattr(SF, descriptor.name)(x.double(), *p)
    torch.testing.assert_close(y, exact.to(dtype), rtol=2 * torch.finfo(dtype).eps, atol=0)
    if x.is_cpu:  # to the last bit what numbers for parameters give
        for c in range(3):
            assert torch.equal(y[:, c], getattr(SF, descriptor.name)(x[:, c], *(q[c].item() for q in p)))
    for a, b in zip(grads[1:], torch.autograd.grad(exact.sum(), p), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@each(LEARNABLE)
def test_sums_over_many_elements(descriptor, dtype, device):
    """Their error beside the sum of magnitudes; float64, which the tests above judge, is the reference."""
    x = (torch.randn(5000, 3, device=device) * 4).to(dtype)
    grad, p = torch.randn_like(x), parameters(descriptor, 3, device, torch.float32)
    rows = [torch.broadcast_to(v.detach().double(), x.shape).reshape(-1).requires_grad_() for v in p]
    wide = getattr(SF, descriptor.name)(x.double().reshape(-1), *rows, dim=0)
    terms = torch.autograd.grad(wide, rows, grad.double().reshape(-1))
    sums = torch.autograd.grad(getattr(SF, descriptor.name)(x, *p, dim=-1), p, grad)
    for total, each_ in zip(sums, terms, strict=True):
        t = each_.view(x.shape)
        assert ((total.double() - t.sum(0)).abs() <= 1e-6 * t.abs().sum(0)).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@each(LEARNABLE)
def test_outside_its_domain_a_parameter_gives_nan(descriptor, dtype, device):
    for i, q in enumerate(descriptor.parameters):
        if q.domain == "real":
            continue
        p = parameters(descriptor, 3, device)
        p[i] = torch.where(torch.arange(3, device=device) == 1, -1.0, p[i]).detach().requires_grad_()
        y = getattr(SF, descriptor.name)(sample(device, dtype), *p)
        assert y[:, 1].isnan().all()
        assert not y[:, ::2].isnan().any()
        assert torch.equal(torch.autograd.grad(y.sum(), p[i])[0].isnan(), torch.arange(3, device=device) == 1)


@pytest.mark.skipif("dyt" not in smoothact.catalogue, reason="the list is short")
def test_zero_keeps_its_slopes(device):
    """Where f is 0 by chance, and the sign of that zero is chosen, what it gains is not lost."""
    x = torch.zeros(1, 3, dtype=torch.float64, device=device)
    alpha, gamma, beta = (torch.full((3,), v, dtype=torch.float64, device=device) for v in (0.5, 1.0, 0.0))
    given = [p.requires_grad_() for p in (alpha, gamma, beta)]
    grads = torch.autograd.grad(SF.dyt(x, *given).sum(), given)
    assert [g.tolist() for g in grads] == [[0.0] * 3, [0.0] * 3, [1.0] * 3]
