# SPDX-License-Identifier: Apache-2.0
"""The Padé activation unit against P / (1 + |Q|) in multiprecision."""

import math

import pytest
import smoothact
import smoothact.functional as SF
import torch
from pau_samples import ALL, BACKWARD, FUSED, FUSED_BACKWARD, RATIONAL, coefficients, textbook
from smoothact.oracle import multiprecision
from support import DTYPES, WIDE, dtype_name

DEGREES = [(5, 4), (3, 3), (3, 1), (7, 2), (1, 1), (12, 11)]
MAGNITUDES = [0.0, 1e-42, 1e-3, 0.3, 0.999, 1.0, 1.001, 1.7, 3.0, 7.9, 8.0, 8.1, 40.0, 3e4, 1e7, 1e20, 3e38]


def points(dtype, device="cpu"):
    x = torch.tensor(MAGNITUDES, dtype=torch.float64)
    x = torch.cat([x, -x]).to(dtype)
    return x[x.isfinite()].to(device)


class Exact:
    """f, f' and what f gains with each coefficient at x; `scale` is what rounding is relative to, of f."""

    def __init__(self, x, numerator, denominator):
        mpf, total = multiprecision().mp.mpf, multiprecision().mp.fsum
        x, a, b = mpf(x), numerator.tolist(), denominator.tolist()
        powers = [x**i for i in range(len(a))]
        p, q = total(map(mpf.__mul__, powers, map(mpf, a))), total(map(mpf.__mul__, powers[1:], map(mpf, b)))
        sign, d = (q > 0) - (q < 0), 1 + abs(q)
        self.f = p / d
        by_p = total(i * c * powers[i - 1] for i, c in enumerate(a) if i)
        by_q = total(i * c * powers[i - 1] for i, c in enumerate(b, 1))
        self.slope = (by_p - self.f * sign * by_q) / d
        terms = [total(abs(c * v) for c, v in zip(k, w, strict=False)) for k, w in ((a, powers), (b, powers[1:]))]
        self.scale = (terms[0] + abs(self.f) * terms[1]) / d
        self.by_a = [v / d for v in powers]
        self.by_b = [-self.f * sign * v / d for v in powers[1 : len(b) + 1]]


def exact(x, *given):
    with multiprecision().mp.workprec(2000):
        return Exact(x, *given)


def wide(dtype):
    return torch.float64 if dtype == torch.float64 else torch.float32


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("degrees", DEGREES, ids=str)
def test_value(degrees, dtype, device):
    given = coefficients(degrees)
    x = points(dtype, device)
    for f in (SF.pau, FUSED.decompose):
        check_value(f(x, *(c.to(device) for c in given)).cpu(), x, given)


def check_value(y, x, given):
    dtype = x.dtype
    assert y.dtype == dtype
    info, eps = torch.finfo(dtype), torch.finfo(wide(dtype)).eps
    for v, computed in zip(x.tolist(), y.tolist(), strict=True):
        e = exact(v, *given)
        error = 2 * eps * e.scale + (0 if dtype == wide(dtype) else info.eps / 2 * abs(e.f))
        if abs(e.f) + error > info.max:
            assert abs(computed) in (info.max, math.inf) and (computed > 0) == (e.f > 0)
        else:
            assert abs(computed - e.f) <= error + info.smallest_normal * info.eps


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=dtype_name)
def test_16_bit_results_are_rounded_once(dtype, device):
    x = torch.arange(-(2**15), 2**15, dtype=torch.int32, device=device).to(torch.int16).view(dtype)
    given = [c.to(device) for c in coefficients((5, 4))]
    x = x[x.isfinite()].requires_grad_()
    y, single = SF.pau(x, *given), SF.pau(x.float(), *given)
    assert torch.equal(y, single.to(dtype))
    grad = torch.linspace(-1, 1, x.numel(), device=device).to(dtype)
    by_single = BACKWARD(grad.float(), x.detach().float(), *given, ALL)[0]
    assert torch.equal(torch.autograd.grad(y, x, grad)[0], by_single.to(dtype))


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("degrees", DEGREES[:-1], ids=str)
def test_gradients(degrees, dtype, device):
    given = coefficients(degrees)
    x = points(dtype, device)
    x = x[x.abs() < 1e8]
    if degrees[0] - degrees[1] > 1:
        x = x[x.abs() < 1e6]  # x^5, which the gradient by a7 has
    inputs = [t.detach().clone().requires_grad_() for t in (x, *(c.to(device) for c in given))]
    grad = torch.linspace(-1, 2, x.numel(), dtype=dtype, device=device)
    results = torch.autograd.grad(SF.pau(*inputs), inputs, grad)
    eps = torch.finfo(dtype).eps
    found = [exact(v, *given) for v in x.tolist()]
    for computed, g, v, e in zip(results[0].tolist(), grad.tolist(), x.tolist(), found, strict=True):
        size = abs(e.slope) + (degrees[0] * e.scale + abs(e.f) * degrees[1]) / max(abs(v), 1e-3)
        assert abs(computed - g * e.slope) <= 8 * eps * abs(g) * size * (1 + e.scale) + 1e-44
    for k, name in ((1, "by_a"), (2, "by_b")):
        terms = zip(
            *([g * t for t in getattr(e, name)] for g, e in zip(grad.tolist(), found, strict=True)), strict=True
        )
        for computed, values in zip(results[k].tolist(), terms, strict=True):
            size = sum(abs(t) for t in values) + max(e.scale for e in found) * 1e-3
            assert abs(computed - sum(values)) <= 32 * torch.finfo(torch.float32).eps * size


@pytest.mark.parametrize("op", [BACKWARD, FUSED_BACKWARD.decompose], ids=["kernel", "composite"])
def test_terms_do_not_overflow_where_they_are_finite(op, device):
    """x^5 and x^4 do, in what is no greater than x."""
    given = [c.to(device) for c in coefficients((5, 4))]
    for x in (1e30, -1e30, 3e38):
        results = op(torch.ones(1, device=device), torch.tensor([x], device=device), *given, ALL)
        e = exact(torch.tensor(x).item(), *coefficients((5, 4)))
        expected = [[e.slope], e.by_a, e.by_b]
        for computed, values in zip(results, expected, strict=True):
            wanted = torch.tensor([float(v) for v in values], dtype=torch.float64).float()
            torch.testing.assert_close(computed.cpu(), wanted, rtol=1e-5, atol=1e-37)


# With the limits of f and of f' at infinity and minus infinity.
LIMITS = [
    ([1.0, 2.0, 3.0], [4.0], [math.inf, math.inf], [0.75, -0.75]),
    ([1.0, 2.0, 3.0], [1.0, -6.0], [0.5, 0.5], [0.0, 0.0]),
    ([1.0, 2.0], [-4.0], [0.5, -0.5], [0.0, 0.0]),
    ([1.0, 0.0, -1.0, 2.0], [0.5, 1.0], [math.inf, -math.inf], [2.0, 2.0]),
    ([1.0, 0.0, 1.0, 2.0, -3.0], [2.0], [-math.inf, -math.inf], [-math.inf, math.inf]),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize(("numerator", "denominator", "limits", "slopes"), LIMITS)
def test_special_values(numerator, denominator, limits, slopes, dtype, device):
    x = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0], dtype=dtype, device=device)
    a, b = (torch.tensor(c, dtype=dtype, device=device) for c in (numerator, denominator))
    at_zero = [numerator[1]] * 2  # the slope of |Q| counts as 0 there
    for op in (RATIONAL, FUSED.decompose):
        torch.testing.assert_close(op(x, a, b), x.new_tensor([*limits, math.nan, 1, 1]), equal_nan=True)
    for op in (BACKWARD, FUSED_BACKWARD.decompose):
        by_x = op(torch.ones_like(x), x, a, b, ALL)[0]
        torch.testing.assert_close(by_x, x.new_tensor([*slopes, math.nan, *at_zero]), equal_nan=True)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        ([1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0], lambda x: 1 + 2 * x),
        ([3.0, 0.0, 0.0], [0.0, 0.0], lambda x: torch.where(x.isnan(), x, 3.0)),
        ([1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 0.0], lambda x: (1 + 2 * x) / (1 + x * x)),
        ([0.0, 0.0, 0.0], [1.0, 1.0], lambda x: torch.where(x.isnan(), x, 0.0)),
        ([0.0, 2.0, 0.0], [1.0, 0.0], lambda x: 2 * x / (1 + x.abs())),
    ],
)
def test_leading_zeros_of_the_kernel(numerator, denominator, expected):
    x = torch.tensor([0.0, 0.5, -2.0, 11.0, -1e9, 1e15, 3e18, math.nan])
    given = torch.tensor(numerator), torch.tensor(denominator)
    torch.testing.assert_close(RATIONAL(x, *given), expected(x), equal_nan=True)
    at_infinity = RATIONAL(torch.tensor([math.inf, -math.inf]), *given)
    torch.testing.assert_close(at_infinity, expected(torch.tensor([3e18, -3e18])).nan_to_num().where(
        at_infinity.isfinite(), at_infinity), rtol=1e-6, atol=1e-6)  # fmt: skip
    assert not at_infinity.isnan().any()
    x = torch.tensor([-20.0, -3.0, 0.5, 2.0, 30.0], dtype=torch.float64)
    wide = [c.double().requires_grad_() for c in (x, *given)]
    ours, theirs = (torch.autograd.grad(f(*wide).sum(), wide) for f in (SF.pau, textbook))
    for got, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, wanted)


def test_where_q_is_zero(device):
    """At x = 0, 1 and 2: the slope of |Q| is 0 there."""
    inputs = [
        torch.tensor(v, dtype=torch.float64, device=device, requires_grad=True)
        for v in ([0.0, 1.0, 2.0, -1.0, 16.0], [1.0, 2.0, -1.0, 0.5], [2.0, -3.0, 1.0])
    ]
    grads = [torch.autograd.grad(f(*inputs), inputs, torch.ones_like(inputs[0])) for f in (SF.pau, textbook)]
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(BACKWARD(torch.ones_like(inputs[0]), *inputs, ALL)[0], grads[1][0])
    composite = torch.vmap(BACKWARD, (0, 0, None, None, None))(torch.ones(1, 5).to(inputs[0]), inputs[0][None],
                                                               *inputs[1:], ALL)  # fmt: skip
    for ours, theirs in zip(composite, grads[1], strict=True):
        torch.testing.assert_close(ours[0], theirs)


STARTS = [("elu", 0.01), ("mish", 0.01), ("selu", 0.05), ("tanh", 1e-5), ("softplus", 1e-5), ("relu", 0.05)]


@pytest.mark.skipif("acon_c" not in smoothact.catalogue, reason="the list is short")
@pytest.mark.parametrize(("name", "error"), STARTS)
def test_module_starts_as_an_activation(name, error):
    x = torch.linspace(-3, 3, 1234, dtype=torch.float64)
    module = smoothact.nn.PAU(name, dtype=torch.float64)
    torch.testing.assert_close(module(x), getattr(torch.nn.functional, name)(x), rtol=0, atol=error)


@pytest.mark.skipif("acon_c" not in smoothact.catalogue, reason="the list is short")
def test_module(device):
    module = smoothact.nn.PAU("silu", device=device, dtype=torch.float64)
    x = torch.linspace(-3, 3, 50, dtype=torch.float64, device=device, requires_grad=True)
    torch.testing.assert_close(module(x), torch.nn.functional.silu(x), rtol=0, atol=1e-4)
    relu = smoothact.nn.PAU(device=device, dtype=torch.float64)
    torch.testing.assert_close(relu(x), torch.nn.functional.leaky_relu(x), rtol=0, atol=0.05)
    ends = torch.tensor([math.inf, -math.inf, math.nan, 1e300], dtype=torch.float64, device=device)
    slope = relu.numerator[5] / relu.denominator[3].abs()
    torch.testing.assert_close(relu(ends), ends * slope, equal_nan=True)
    assert repr(module) == "PAU(init='silu', degrees=(5, 4))"
