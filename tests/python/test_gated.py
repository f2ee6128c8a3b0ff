# SPDX-License-Identifier: Apache-2.0
"""Gates, f(gate) * up: values and gradients against multiprecision, for every activation."""

import math

import pytest
import smoothact
import torch
from smoothact import enclosure
from smoothact import functional as SF
from smoothact.certificate import spacing
from smoothact.oracle import multiprecision, ulp
from support import CASES, DEFAULTS, DTYPES, HALF, WIDE, allowances, dtype_name, grid
from test_values import overflows

OPS = torch.ops.smoothact
# Ulps that f and f' may be wrong by, and that the products around them add: y, by gate, by up.
BOUNDS = {"y": (0, 2.5, 1.0), "by gate": (1, 4.0, 1.5), "by up": (0, 2.5, 1.0)}
LAYOUTS = ("gate_first", "up_first", "interleaved")
EVERY = 5  # of the grid's points


def pair(case, gate, up):
    return OPS.gated(gate, up, case.name, values(case))


def values(case):
    return [math.inf if v is None else v for v in case.values]


def pack(gate, up, layout, dim):
    if layout == "interleaved":
        dim = dim % gate.dim()
        return torch.stack([gate, up], dim + 1).flatten(dim, dim + 1)
    return torch.cat([gate, up] if layout == "gate_first" else [up, gate], dim)


def halves(x, layout, dim):
    if layout == "interleaved":
        even = torch.arange(0, x.shape[dim], 2, device=x.device)
        return x.index_select(dim, even), x.index_select(dim, even + 1)
    first, second = x.chunk(2, dim)
    return (first, second) if layout == "gate_first" else (second, first)


def factors(x, scale=1.0):
    """Of magnitudes from 1/4 to 4, of both signs, in the dtype of x."""
    magnitude = torch.exp2(torch.rand(x.shape, dtype=torch.float64) * 4 - 2) * scale
    return (magnitude * (torch.randint(0, 2, x.shape) * 2 - 1)).to(x.dtype)


def results(case, gate, up, grad):
    gate, up = gate.requires_grad_(), up.requires_grad_()
    y = pair(case, gate, up)
    return {"y": y.detach(), **dict(zip(("by gate", "by up"), torch.autograd.grad(y, (gate, up), grad), strict=True))}


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("case", CASES)
def test_contract(case, dtype, device):
    points = [p for p in grid(case.name, dtype).tolist()[::EVERY] if case.exact(p, 3) is not None]
    exact = [case.exact(p, 3) for p in points]
    gate = torch.tensor(points, dtype=dtype)
    up, grad = factors(gate), factors(gate)
    got = results(case, gate.to(device), up.to(device), grad.to(device))
    number = multiprecision().mp.mpf
    outer = {"y": [number(u) for u in up.tolist()]}
    outer["by up"] = [number(g) for g in grad.tolist()]
    outer["by gate"] = [u * g for u, g in zip(outer["y"], outer["by up"], strict=True)]
    for which, (order, bound, more) in BOUNDS.items():
        limits = allowances(points, exact, order, bound, dtype_name(dtype))
        for p, y, e, factor, limit in zip(points, got[which].tolist(), exact, outer[which], limits, strict=True):
            product = factor * e[order]
            allowed = abs(factor) * limit + more * number(ulp(product, dtype_name(dtype)))
            if not overflows(y, product, dtype):
                assert abs(y - product) <= allowed, (which, p, float(factor), y, float(product))


@pytest.mark.parametrize("dtype", HALF, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_16_bits_are_rounded_once(case, dtype, device):
    """All 65,536 gates; judged where the float64 enclosure is a small part of a 16-bit ulp."""
    gate = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    gate = gate[gate.isfinite()]
    up, grad = factors(gate), factors(gate)
    got = results(case, gate.to(device), up.to(device), grad.to(device))
    reference = enclosure.derivatives(case.definition, gate.double().detach(), 2, **case.set_parameters)
    outer = {"y": up.double(), "by up": grad.double(), "by gate": up.double() * grad.double()}
    for which, (order, *_) in BOUNDS.items():
        exact = (reference[order].v * outer[which]).detach()
        unit = spacing(exact, dtype)
        error = (reference[order].e * outer[which].abs()).detach()
        slope = (reference[order + 1].v * outer[which]).detach().nan_to_num(0, 0, 0)
        wide = 4 * torch.finfo(torch.float32).eps * (gate.double().detach() * slope).abs()
        # Float32 holds f and up f', and f counts to half the smallest bfloat16: a 500th of an ulp from 2^-117 on.
        factor = reference[order].v.abs().detach()
        largest = torch.finfo(torch.float32).max
        fits = (factor < largest) & ((factor * up.double().abs() < largest) | (which != "by gate"))
        judged = (error <= 0.002 * unit) & (factor > 2**-117) & fits
        value = got[which].cpu()
        assert value.dtype == dtype
        limit = torch.maximum(0.51 * unit, unit / 2 + wide)
        wrong = judged & ~((value.double() - exact).abs() <= limit) & (value != exact.to(dtype))
        assert not wrong.any(), [(which, gate[i].item(), up[i].item(), value[i].item()) for i in wrong.nonzero()[:5]]
        # Products of 16-bit numbers and a constant, as 3/5 of mish'(0), are often ties, which the constant's rounding
        # to float32 then decides: what float32 cannot tell from a tie is not counted.
        from_tie = ((exact - exact.to(dtype).double()).abs() - unit / 2).abs()
        counted = judged & (from_tie > 2 * torch.finfo(torch.float32).eps * exact.abs())
        missed = (counted & (value != exact.to(dtype))).sum()
        assert missed <= 0.0005 * counted.sum(), f"{which}: {missed} of {counted.sum()} misrounded"


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_parts_agree(case, dtype, device):
    """A direction alone gives what both give with the other at zero; half a backward is the jvp along grad.

    But for the rounding of a bfloat16, of which a whole backward knows fewer digits beyond its own.
    """
    gate, up, grad, v_gate, v_up = ((torch.randn(600, device=device) * 2).to(dtype) for _ in range(5))
    more, zero = (case.name, values(case)), torch.zeros_like(gate)
    d_gate, d_up = OPS.gated_backward(grad, gate, up, *more)
    for half, of_both in (((grad, None), d_gate), ((None, grad), d_up)):
        alone = OPS.gated_jvp(*half, gate, up, *more)
        allowed = spacing(of_both.double(), dtype) if dtype == torch.bfloat16 else torch.zeros(())
        assert ((alone.double() - of_both.double()).abs() <= allowed).all()
    for directions, filled in (((v_gate, None), (v_gate, zero)), ((None, v_up), (zero, v_up))):
        assert torch.equal(OPS.gated_jvp(*directions, gate, up, *more), OPS.gated_jvp(*filled, gate, up, *more))
        alone = OPS.gated_double_backward(*directions, grad, gate, up, *more)
        both = OPS.gated_double_backward(*filled, grad, gate, up, *more)
        assert all(torch.equal(a, b) for a, b in zip(alone, both, strict=True))


@pytest.mark.parametrize("limit", [None, 1.5])
@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_formulas_of_other_devices(case, dtype, limit):
    """What a device without these kernels runs, on the CPU's elementwise ops."""
    gate, up, grad, v_gate, v_up = ((torch.randn(9, 40) * 2).to(dtype) for _ in range(5))
    more = (case.name, values(case), limit, 0.5)
    packed, directions = pack(gate, up, "interleaved", 0).t().contiguous().t(), pack(v_gate, v_up, "interleaved", 0)
    calls = [
        (OPS.gated, (gate, up)),
        (OPS.gated_backward, (grad, gate, up)),
        (OPS.gated_jvp, (v_gate, None, gate, up)),
        (OPS.gated_jvp, (None, v_up, gate, up)),
        (OPS.gated_jvp, (v_gate, v_up, gate, up)),
        (OPS.gated_double_backward, (v_gate, v_up, grad, gate, up)),
        (OPS.gated_double_backward, (v_gate, None, grad, gate, up)),
        (OPS.gated_double_backward, (None, v_up, grad, gate, up)),
        (OPS.gated_packed, (packed, 0, "interleaved")),
        (OPS.gated_packed_backward, (grad, packed, 0, "interleaved")),
        (OPS.gated_packed_double_backward, (directions, grad, packed, 0, "interleaved")),
    ]
    eps = torch.finfo(dtype).eps
    for op, arguments in calls:
        theirs = op.default._op_dk(torch._C.DispatchKey.CompositeExplicitAutograd, *arguments, *more)
        ours = op(*arguments, *more)
        for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (theirs, ours)), strict=True):
            assert a.dtype == dtype and a.stride() == b.stride(), op
            torch.testing.assert_close(a, b, rtol=4 * eps, atol=16 * eps)


def test_swiglu_clamped_is_its_formula(device):
    x = torch.randn(64, 30, dtype=torch.float64, device=device) * 6
    x[0, :6] = torch.tensor([7.0, -7.0, 7.0, 7.0, 7.1, -7.1])
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    gate, up = theirs[:, ::2].clamp(max=7), theirs[:, 1::2].clamp(-7, 7)
    expected = gate * torch.sigmoid(1.702 * gate) * (up + 1)
    y = SF.swiglu_clamped(ours)
    torch.testing.assert_close(y, expected)
    grad = torch.randn_like(y)
    got, want = (torch.autograd.grad(a, b, grad, create_graph=True)[0] for a, b in ((y, ours), (expected, theirs)))
    torch.testing.assert_close(got, want)
    direction = torch.randn_like(x)
    twice = [torch.autograd.grad(a, b, direction)[0] for a, b in ((got, ours), (want, theirs))]
    torch.testing.assert_close(*twice)
    torch.testing.assert_close(SF.swiglu_clamped(x[:, ::2], x[:, 1::2]), expected)
    assert (got[0, 4:6] == 0).all() and (got[0, :4] != 0).all()


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_glu_is_torchs(dim, dtype, device):
    x = torch.randn(4, 6, 8, dtype=dtype, device=device, requires_grad=True)
    ours, theirs = SF.glu(x, dim=dim), torch.nn.functional.glu(x, dim)
    torch.testing.assert_close(ours, theirs)
    grad = torch.randn_like(ours)
    torch.testing.assert_close(*(torch.autograd.grad(y, x, grad)[0] for y in (ours, theirs)))
    torch.testing.assert_close(smoothact.nn.GLU(dim)(x), torch.nn.GLU(dim)(x))


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_special_values(case, dtype, device):
    def at(gate, up):
        return OPS.gated(
            *(torch.full((33,), v, dtype=dtype, device=device) for v in (gate, up)), case.name, values(case)
        )

    assert at(math.nan, 1.0).isnan().all() and at(1.0, math.nan).isnan().all()
    for side in (-math.inf, math.inf):
        limit = case(torch.full((33,), side, dtype=dtype, device=device))
        # A bfloat16's f counts to half the smallest number.
        torch.testing.assert_close(at(side, -2.0), limit * -2, rtol=0, atol=1e-40 if dtype == torch.bfloat16 else 0)
        gate = torch.tensor([0.7], dtype=dtype, device=device)
        assert torch.equal(pair(case, gate, gate * side), case(gate) * side)
    zeros = torch.tensor([0.0, -0.0], dtype=dtype, device=device)
    y, f = pair(case, zeros, torch.ones_like(zeros)), case(zeros)
    assert torch.equal(y, f) and torch.equal(y.signbit(), f.signbit())
    empty = torch.empty(3, 0, dtype=dtype, device=device, requires_grad=True)
    assert pair(case, empty, empty).shape == (3, 0)
    assert OPS.gated_packed(empty, 1, "gate_first", case.name, values(case)).shape == (3, 0)
    torch.autograd.grad(OPS.gated_packed(empty, 1, "interleaved", case.name, values(case)).sum(), empty)


@pytest.mark.skipif("silu" not in smoothact.catalogue, reason="built without silu")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=dtype_name)
def test_products_overflow_only_with_the_result(dtype, device):
    """Where grad * up is beyond every number but a small f' brings it back."""
    gate = torch.full((33,), -72.0, dtype=dtype, device=device)
    up, grad = torch.full_like(gate, 1e30), torch.full_like(gate, 1e20)
    x, u, g = (t.double() for t in (gate, up, grad))
    sigma = torch.sigmoid(x)
    slope = sigma * (1 + x * (1 - sigma))
    curvature = sigma * (1 - sigma) * (2 + x * (1 - 2 * sigma))
    ours = [
        *OPS.gated_backward(grad, gate, up, "silu"),
        OPS.gated_jvp(grad, None, gate, up, "silu"),
        *OPS.gated_double_backward(grad, None, torch.ones_like(grad), gate, up, "silu")[::2],
        OPS.gated_double_backward(torch.ones_like(up), None, grad, gate, up, "silu")[1],
    ]
    exact = [g * u * slope, g * x * sigma, g * u * slope, g * u * slope, g * slope, g * u * curvature]
    for a, b in zip(ours, exact, strict=True):
        torch.testing.assert_close(a, b.to(dtype))


def test_gradients_that_nobody_needs_are_not_computed(device):
    from torch.profiler import ProfilerActivity, profile

    gate, up = torch.randn(50, device=device, requires_grad=True), torch.randn(50, device=device)
    with profile(activities=[ProfilerActivity.CPU]) as trace:
        SF.gated(gate, up, activation=DEFAULTS[0].name).sum().backward()
        x = torch.randn(4, 6, device=device, requires_grad=True)
        SF.gated(x, activation=DEFAULTS[0].name).sum().backward()
    ran = {e.name for e in trace.events()}
    assert "smoothact::gated_jvp" in ran and "smoothact::gated_backward" not in ran
    assert "smoothact::gated_packed_backward" in ran
    assert not ran & {"aten::clone", "aten::contiguous", "aten::copy_", "aten::cat"}
