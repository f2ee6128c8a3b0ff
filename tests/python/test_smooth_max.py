# SPDX-License-Identifier: Apache-2.0
"""Smooth maxima against their definitions in multiprecision, torch.logsumexp, limits, and one row against another."""

import math

import mpmath
import pytest
import smoothact.functional as SF
import torch
from support import DTYPES, dtype_name

KINDS = ("logsumexp", "mellowmax", "boltzmann")
ALL = pytest.mark.parametrize("kind", KINDS)
EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
INF, NAN = math.inf, math.nan
OP = torch.ops.smoothact


def exact(kind, k, row):
    """The definition, and its derivative by each element, of finite numbers."""
    with mpmath.workdps(60):
        k, x = mpmath.mpf(k), [mpmath.mpf(v) for v in row]
        e = [mpmath.exp(k * v) for v in x]
        total = mpmath.fsum(e)
        w = [v / total for v in e]
        if kind != "boltzmann":
            return mpmath.log(total / (len(x) if kind == "mellowmax" else 1)) / k, w
        y = mpmath.fsum(a * b for a, b in zip(x, w, strict=True))
        return y, [b * (1 + k * (a - y)) for a, b in zip(x, w, strict=True)]


def stated_bound(kind, k, row, dtype):
    eps = torch.finfo(torch.float32 if dtype != torch.float64 else dtype).eps
    return eps * (max(map(abs, row)) + (2 + math.log(len(row))) / abs(k))


def textbook(x, dim, keepdim, kind, k):
    """In torch's ops, of float64."""
    w = torch.softmax(k * x, dim)
    if kind == "boltzmann":
        return (x * w).sum(dim, keepdim)
    y = torch.logsumexp(k * x, dim, keepdim)
    return (y - (math.log(x.shape[dim]) if kind == "mellowmax" else 0)) / k


def smallest(dtype):
    return torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps


def gradient(f, x, grad=None):
    x = x.detach().requires_grad_()
    y = f(x)
    return torch.autograd.grad(y, x, torch.ones_like(y) if grad is None else grad)[0]


@ALL
@EVERY_DTYPE
@pytest.mark.parametrize("k", [1.0, -1.0, 0.05, 30.0, -7.5])
def test_is_its_definition(kind, dtype, k, device):
    x = torch.cat([torch.randn(3, 37), 20 * torch.randn(3, 37), 100 + torch.randn(3, 37), torch.rand(1, 37) * 1e-3])
    x = x.to(dtype).to(device)
    y, g = (
        SF.smooth_max(x, 1, kind=kind, sharpness=k),
        gradient(lambda t: SF.smooth_max(t, 1, kind=kind, sharpness=k), x),
    )
    half = 0.501 * torch.finfo(dtype).eps if dtype.itemsize == 2 else 0
    eps = torch.finfo(dtype).eps
    for row, a, b in zip(x.double().tolist(), y.double().tolist(), g.double().tolist(), strict=True):
        value, slopes = exact(kind, k, row)
        assert abs(a - value) <= stated_bound(kind, k, row, dtype) + half * abs(value)
        # A weight is the exponential of a difference that has an ulp; the mean's derivative is of two terms.
        for c, s, v in zip(b, slopes, row, strict=True):
            d = abs(k * (v - (max(row) if k > 0 else min(row))))
            of_float = torch.finfo(torch.float32).eps if dtype.itemsize < 8 else eps
            weight = mpmath.exp(-d)
            away = 1 + abs(k * (v - value)) if kind == "boltzmann" else 1
            terms = (3 + d) * away + 2 * math.log(len(row))
            flushed = torch.finfo(dtype).tiny * away
            assert abs(c - s) <= 2 * of_float * terms * weight + half * abs(s) + flushed


@ALL
@pytest.mark.parametrize("dtype", DTYPES[:2], ids=dtype_name)
def test_long_rows(kind, dtype, device):
    for n in (4096, 4097, 100_003, 2**20):
        x = torch.randn(2, n, device=device).to(dtype)
        expected = textbook(x.double(), 1, False, kind, 1.0)
        y = SF.smooth_max(x, 1, kind=kind).double()
        for row, a, e in zip(x.tolist(), y.tolist(), expected.tolist(), strict=True):
            assert abs(a - e) <= stated_bound(kind, 1, row, dtype) + 1e-13
        g = gradient(lambda t: SF.smooth_max(t, 1, kind=kind), x).double()
        want = gradient(lambda t: textbook(t, 1, False, kind, 1.0), x.double())
        torch.testing.assert_close(g, want, rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=1e-5 / n)


SHAPES = [(5, 7), (3, 4, 6), (2, 3, 4, 5), (1, 1), (4, 1, 3), (2, 40, 33), (70, 3)]


@ALL
@EVERY_DTYPE
@pytest.mark.parametrize("keepdim", [False, True])
def test_every_dim(kind, dtype, keepdim, device):
    tolerance = {"rtol": 1e-12, "atol": 1e-13} if dtype == torch.float64 else {"rtol": 1e-6, "atol": 1e-6}
    for shape in SHAPES:
        x = (2 * torch.randn(shape, device=device)).to(dtype)
        grads = torch.randn(shape, device=device).to(dtype)
        for dim in range(-len(shape), len(shape)):
            y = SF.smooth_max(x, dim, keepdim, kind=kind, sharpness=1.5)
            expected = textbook(x.double(), dim, keepdim, kind, 1.5)
            assert y.dtype == dtype and y.shape == expected.shape and y.is_contiguous()
            if dtype.itemsize == 2:
                torch.testing.assert_close(y, expected.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-6)
                continue
            torch.testing.assert_close(y.double(), expected, **tolerance)
            grad = grads.select(dim, 0).unsqueeze(dim) if keepdim else grads.select(dim, 0)
            g = gradient(lambda t, dim=dim: SF.smooth_max(t, dim, keepdim, kind=kind, sharpness=1.5), x, grad)
            want = gradient(lambda t, dim=dim: textbook(t, dim, keepdim, kind, 1.5), x.double(), grad.double())
            assert g.stride() == torch.empty_like(x).stride()
            torch.testing.assert_close(g.double(), want, **tolerance)


@pytest.mark.parametrize("keepdim", [False, True])
def test_several_dims(keepdim, device):
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, device=device)
    for dim in [(0,), (1, 3), (3, 1), [0, 1], (-1, 2), (0, 1, 2, 3), (-4, -3)]:
        y = SF.logsumexp(x, dim, keepdim)
        torch.testing.assert_close(y, torch.logsumexp(x, tuple(dim), keepdim), rtol=1e-14, atol=1e-14)
    assert torch.equal(SF.logsumexp(x, (1, 3)), SF.logsumexp(x, (3, 1)))
    torch.testing.assert_close(SF.logsumexp(x, ()), torch.logsumexp(x, (0, 1, 2, 3)), rtol=1e-14, atol=0)
    assert SF.logsumexp(x, (), True).shape == (1, 1, 1, 1)
    scalar = torch.tensor(3.0, device=device)
    for dim in (0, -1, (), (0,)):
        assert torch.equal(SF.logsumexp(scalar, dim), scalar) and torch.equal(SF.logsumexp(scalar, dim, True), scalar)
    for function in (SF.mellowmax, SF.boltzmann):
        flat = x.movedim((1, 3), (2, 3)).flatten(2)
        torch.testing.assert_close(function(x, (1, 3)), function(flat, 2), rtol=0, atol=0)


# Row, kind or all, k, result, gradient.
LIMITS = [
    ([1.0, INF, -INF, INF], None, 1.0, INF, [0, 0.5, 0, 0.5]),
    ([1.0, INF, -INF, 2.0], None, 1.0, INF, [0, 1, 0, 0]),
    ([-INF, -INF, -INF], None, 1.0, -INF, [1 / 3] * 3),
    ([-INF, 0.0, 0.0], "logsumexp", 1.0, math.log(2), [0, 0.5, 0.5]),
    ([-INF, 0.0, 0.0], "boltzmann", 1.0, 0.0, [0, 0.5, 0.5]),
    ([-INF, 0.0, 0.0], "mellowmax", 1.0, math.log(2 / 3), [0, 0.5, 0.5]),
    ([1.0, INF, -INF], None, -2.0, -INF, [0, 0, 1]),
    ([INF, INF], None, -2.0, INF, [0.5, 0.5]),
    ([INF, 3.0], "boltzmann", -2.0, 3.0, [0, 1]),
    ([1e30, 1e30], "mellowmax", 5.0, 1e30, [0.5, 0.5]),
    ([3e38, -3e38], None, 1e3, 3e38, [1, 0]),
    ([3e38, -3e38], None, -1e3, -3e38, [0, 1]),
    ([1.0, 2.0], None, 1e12, 2.0, [0, 1]),
    ([1.0, 2.0], None, -1e12, 1.0, [1, 0]),
    ([2.0, 2.0, 2.0], "boltzmann", 1e-14, 2.0, [1 / 3] * 3),
    ([1.0, 2.0, 6.0], "boltzmann", 1e-14, 3.0, [1 / 3] * 3),
    ([1.0, 2.0, 6.0], "boltzmann", 1e-40, 3.0, [1 / 3] * 3),
    ([1.0, 2.0, 6.0], "mellowmax", 1e-14, None, [1 / 3] * 3),
    ([1.0, 2.0], None, 1e60, 2.0, [0, 1]),
    ([7.5], None, 3.0, 7.5, [1]),
    ([-INF], None, 3.0, -INF, [1]),
    ([INF], None, 3.0, INF, [1]),
]


@pytest.mark.parametrize("dtype", DTYPES[:2], ids=dtype_name)
@pytest.mark.parametrize(("row", "only", "k", "value", "slopes"), LIMITS)
def test_limits(row, only, k, value, slopes, dtype, device):
    x = torch.tensor([row] * 3, dtype=dtype, device=device)
    for kind in KINDS if only is None else (only,):
        for dim, t in ((1, x), (0, x.T.contiguous().expand(-1, 3)), (0, x.T.repeat(1, 20))):
            y = SF.smooth_max(t, dim, kind=kind, sharpness=k)
            if value is not None:
                torch.testing.assert_close(y, torch.full_like(y, value))
            g = gradient(lambda t, kind=kind, dim=dim: SF.smooth_max(t, dim, kind=kind, sharpness=k), t)
            want = torch.tensor(slopes, dtype=dtype, device=device).expand(y.shape[0], -1)
            torch.testing.assert_close(g if dim == 1 else g.T, want.contiguous())
            ggrad, second = torch.ops.smoothact.smooth_max_double_backward(
                torch.ones_like(t), torch.ones_like(y), t, dim, False, kind, k
            )
            torch.testing.assert_close(ggrad, torch.ones_like(y))  # the slopes' sum
            assert not second.isnan().any()


@ALL
@EVERY_DTYPE
@pytest.mark.parametrize("place", [0, 6, 16, 40])
def test_nan(kind, dtype, place, device):
    for other in (0.0, INF, -INF):
        x = torch.full((20, 41), other, dtype=dtype, device=device)
        x[1, place] = NAN
        for t, dim in ((x, 1), (x.T.contiguous(), 0)):
            for k in (1.0, -1.0):
                y = SF.smooth_max(t, dim, kind=kind, sharpness=k)
                g = gradient(lambda t, dim=dim, k=k: SF.smooth_max(t, dim, kind=kind, sharpness=k), t)
                g = g if dim == 1 else g.T
                assert y[1].isnan() and g[1].isnan().all()
                assert not y[[0, 2]].isnan().any() and not g[[0, 2]].isnan().any()


def test_nothing(device):
    x = torch.empty(3, 0, device=device)
    assert torch.equal(SF.logsumexp(x, 1), torch.logsumexp(x, 1))
    assert SF.logsumexp(x, 1, sharpness=-1.0).tolist() == [INF] * 3
    assert SF.mellowmax(x, 1, True).isnan().all() and SF.boltzmann(x, 1).isnan().all()
    for kind in KINDS:
        assert SF.smooth_max(x, 0, kind=kind).shape == (0,)
        t = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(SF.smooth_max(t, 1, kind=kind).sum(), t, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), t)
        assert g.shape == h.shape == (3, 0)


@pytest.mark.parametrize("beta", [0.5, 1.0, 20.0])
@EVERY_DTYPE
def test_smooth_maximum_is_the_logsumexp_of_two(beta, dtype, device):
    a = torch.tensor([0.0, 1, -3, 30, 1e4, -1e4, 5.5, 2], dtype=dtype, device=device)
    b = torch.tensor([0.0, -1, -3.5, -30, -1e4, 9e3, 5, 2.125], dtype=dtype, device=device)
    y = SF.smooth_maximum(a, b, beta=beta)
    assert y.dtype == dtype
    eps = torch.finfo(torch.float32 if dtype.itemsize < 8 else dtype).eps
    half = torch.finfo(dtype).eps / 2 if dtype.itemsize == 2 else 0
    for p, q, got in zip(a.tolist(), b.tolist(), y.double().tolist(), strict=True):
        value, _ = exact("logsumexp", beta, [p, q])
        assert abs(got - value) <= 2 * eps * (max(abs(p), abs(q)) + 1 / beta) + half * abs(value)


def test_smooth_maximum(device):
    for name, parameters in (("softplus", {"beta": 3.0}), ("squareplus", {"b": 0.5}), ("relu", {}), ("mish", {})):
        a = torch.randn(4, 1, dtype=torch.float64, device=device, requires_grad=True)
        b = torch.randn(3, dtype=torch.float64, device=device, requires_grad=True)
        f = lambda a, b, name=name, p=parameters: SF.smooth_maximum(a, b, activation=name, **p)  # noqa: E731
        want = b + getattr(SF, name)(a - b, **parameters)
        torch.testing.assert_close(f(a, b), want, rtol=1e-13, atol=1e-13)
        assert torch.autograd.gradcheck(f, (a, b), check_forward_ad=True)
        if name != "relu":
            assert torch.autograd.gradgradcheck(f, (a, b))
    a = torch.tensor([INF, -INF, INF, -INF, 1.0, -INF, 1.0, INF, -1e30, NAN], device=device, requires_grad=True)
    b = torch.tensor([INF, -INF, -INF, INF, -INF, 2.0, INF, 2.0, 1.0, 1.0], device=device, requires_grad=True)
    y = SF.smooth_maximum(a, b)
    torch.testing.assert_close(y, torch.maximum(a, b), equal_nan=True)
    y = SF.smooth_maximum(b, a)
    torch.testing.assert_close(y, torch.maximum(a, b), equal_nan=True)
    grads = torch.autograd.grad(y[:-1].sum(), (a, b))
    torch.testing.assert_close(sum(grads)[:-1], torch.ones(9, device=device))
    compiled = torch.compile(lambda a, b: SF.smooth_maximum(a, b, beta=2.0), fullgraph=True)
    torch.testing.assert_close(compiled(a, b), SF.smooth_maximum(a, b, beta=2.0), equal_nan=True)
