# SPDX-License-Identifier: Apache-2.0
"""Biases of either half of a gate, added in the same pass."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from support import DTYPES
from test_biased import NAME, OPS, assert_sums, beside, each_shape, random
from torch.autograd import gradcheck, gradgradcheck

LAYOUTS = ("gate_first", "up_first", "interleaved")


def halves(packed, layout, dim):
    if layout == "interleaved":
        pairs = packed.movedim(dim, -1).unflatten(-1, (-1, 2))
        return pairs[..., 0].movedim(-1, dim), pairs[..., 1].movedim(-1, dim)
    first, second = packed.chunk(2, dim)
    return (first, second) if layout == "gate_first" else (second, first)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@each_shape
def test_gates(shape, dim, layout, dtype, device):
    doubled = list(shape)
    doubled[dim] *= 2
    packed = random(doubled, dtype, device)
    biases = {"gate_bias": random(shape[dim], dtype, device), "up_bias": random((), dtype, device)}
    for given in ({}, {"up_bias": 0}, {"gate_bias": 0}):
        left = {k: v for k, v in biases.items() if k not in given}
        exact = [t.detach().double() for t in halves(packed, layout, dim)]
        for i, name in enumerate(biases):
            if name in left:
                b = left[name].detach().double()
                exact[i] = exact[i] + (beside(b, len(shape), dim) if b.dim() else b)
        expected = OPS.gated(*exact, NAME)
        y = SF.gated(packed, activation=NAME, layout=layout, dim=dim, **left)
        grad = torch.randn_like(y)
        by_packed, *by_bias = torch.autograd.grad(y, [packed, *left.values()], grad)
        eps = torch.finfo(dtype).eps
        close = {"rtol": 8 * eps, "atol": 8 * eps}
        torch.testing.assert_close(y.double(), expected, **close)
        by_half = OPS.gated_backward(grad.double(), *exact, NAME)
        for a, b in zip(halves(by_packed, layout, dim), by_half, strict=True):
            torch.testing.assert_close(a.double(), b, **close)
        for name, got in zip(left, by_bias, strict=True):
            half = by_half[list(biases).index(name)]
            kept = [d for d in range(half.dim()) if not got.dim() or d != dim % half.dim()]
            sizes = half.abs() + grad.double().abs() / 8
            assert_sums(got, half.sum(kept) if kept else half, sizes.sum(kept) if kept else sizes)
        # The same of two tensors, of gradients of some of the inputs, and without limits or within them.
        gate, up = (t.detach().clone().requires_grad_() for t in halves(packed, layout, dim))
        apart = SF.gated(gate, up, activation=NAME, dim=dim, **left)
        torch.testing.assert_close(apart, y, **close)
        for i, got in enumerate(torch.autograd.grad(apart, [gate, up], grad)):
            torch.testing.assert_close(got.double(), by_half[i], **close)


@pytest.mark.parametrize("named", ["glu", "swiglu", "geglu", "mish_glu", "seglu", "swiglu_clamped"])
def test_gradcheck_of_gates(named, device):
    function = getattr(SF, named)
    names = {"glu": "sigmoid", "swiglu": "silu", "geglu": "gelu", "mish_glu": "mish", "seglu": "selu"}
    if names.get(named, "swish") not in smoothact.catalogue:
        pytest.skip("not compiled")
    gate, up = random((2, 3), device=device), random((2, 3), device=device)
    by_gate, by_up = random(3, device=device), random((), device=device)

    def call(gate, up, by_gate, by_up):
        return function(gate, up, gate_bias=by_gate, up_bias=by_up)

    assert gradcheck(call, (gate, up, by_gate, by_up), check_forward_ad=True)
    assert gradgradcheck(call, (gate, up, by_gate, by_up), fast_mode=True)
    assert gradcheck(lambda x, b: function(x, gate_bias=b), (random((3, 6), device=device), by_gate))


def test_broadcasting_gates(device):
    gate, up, bias = random((4, 1, 3), device=device), random((5, 3), device=device), random(3, device=device)
    y = SF.gated(gate, up, activation=NAME, gate_bias=bias, up_bias=bias)
    torch.testing.assert_close(y, OPS.gated(gate + bias, up + bias, NAME))
    got = torch.autograd.grad(y.sum(), [gate, up, bias])
    plain = torch.autograd.grad(OPS.gated(gate + bias, up + bias, NAME).sum(), [gate, up, bias])
    for a, b in zip(got, plain, strict=True):
        torch.testing.assert_close(a, b)
