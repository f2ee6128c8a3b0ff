# SPDX-License-Identifier: Apache-2.0
"""Gates whose activation learns, against the textbook formula of f times up."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from smoothact.reference import formula
from test_learnable import LEARNABLE, NO_REFERENCE, each, values
from torch.autograd import gradcheck, gradgradcheck


def made(descriptor, channels, device, dtype=torch.float64):
    spread = torch.linspace(1, 1.25, channels, dtype=dtype, device=device) if channels else 1.0
    return {
        p.name: (w * torch.as_tensor(spread, dtype=dtype, device=device)).requires_grad_()
        for p, w in zip(descriptor.parameters, values(descriptor), strict=True)
    }


def halves(x, layout, dim):
    """As the layouts are defined: even places are the gate's, or the first half is, or the second."""
    n = x.shape[dim]
    places = torch.arange(n, device=x.device)
    chosen = places % 2 == 0 if layout == "interleaved" else (places < n // 2) == (layout == "gate_first")
    return x.index_select(dim, places[chosen]), x.index_select(dim, places[~chosen])


@pytest.mark.parametrize(
    ("layout", "dim", "channels"),
    [("gate_first", -1, 3), ("up_first", 1, 2), ("interleaved", 0, 1), ("interleaved", -2, 2), ("gate_first", -1, 0)],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@each([d for d in LEARNABLE if d.name not in NO_REFERENCE])
def test_equals_the_textbook(descriptor, layout, dim, channels, dtype, device):
    x = torch.randn(2, 4, 6, device=device).to(dtype).requires_grad_()
    p = made(descriptor, channels, device, torch.float64 if dtype == torch.float64 else torch.float32)
    y = SF.gated(x, activation=descriptor.name, layout=layout, dim=dim, **p)
    assert y.dtype == dtype
    wide = x.detach().double().requires_grad_()
    exact = {n: v.detach().double().requires_grad_() for n, v in p.items()}
    shape = [-1 if i == dim % 3 else 1 for i in range(3)]
    gate, up = halves(wide, layout, dim)
    f = formula(descriptor.definition, **{n: v.view(shape) if channels else v for n, v in exact.items()})
    expected = f(gate) * up
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=4 * eps, atol=4 * eps)
    grad = torch.randn_like(y)
    ours = torch.autograd.grad(y, [x, *p.values()], grad)
    theirs = torch.autograd.grad(expected, [wide, *exact.values()], grad.double(), allow_unused=True)
    for a, b in zip(ours, theirs, strict=True):
        b = torch.zeros_like(a, dtype=torch.float64) if b is None else b
        torch.testing.assert_close(a.double(), b, rtol=8 * eps, atol=32 * max(eps, 1e-12))


@pytest.mark.parametrize("packed", [False, True])
@each(LEARNABLE)
def test_gradcheck(descriptor, packed, device):
    x, up = (torch.randn(2, 6, dtype=torch.float64, device=device, requires_grad=True) for _ in range(2))
    p = made(descriptor, 6, device)
    names = list(p)

    def function(x, up, *values):
        given = dict(zip(names, values, strict=True))
        halves = (torch.stack([x, up], -1).flatten(1),) if packed else (x, up)
        layout = {"layout": "interleaved"} if packed else {}
        return SF.gated(*halves, activation=descriptor.name, **layout, **given)

    inputs = [x, up, *p.values()]
    assert gradcheck(function, inputs, check_forward_ad=packed, fast_mode=packed)
    assert gradgradcheck(function, inputs, fast_mode=True)


pytestmark = pytest.mark.skipif("swish" not in smoothact.catalogue, reason="the list is short")


def test_module(device):
    learnt = smoothact.nn.Swish(1.5, learnable=True, num_parameters=4, dim=-1, device=device)
    module = smoothact.nn.GLU(activation=learnt)
    assert [n for n, _ in module.named_parameters()] == ["activation.beta"]
    x = torch.randn(3, 8, device=device)
    y = module(x)
    torch.testing.assert_close(y, SF.gated(x, activation="swish", beta=1.5, layout="up_first"))
    y.sum().backward()
    assert learnt.beta.grad.abs().min() > 0
    up, gate = x.chunk(2, -1)
    torch.testing.assert_close(module(gate, up), y)
    assert repr(module) == f"GLU(\n  dim=-1\n  (activation): {learnt!r}\n)"
    fixed = smoothact.nn.GLU(activation=smoothact.nn.GELU("tanh"), layout="gate_first")
    assert torch.equal(fixed(x), SF.geglu_tanh(x))


@pytest.mark.parametrize("up_too", [False, True])
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_biases(apart, channels, up_too, dtype, device):
    """Along the dim of the gate, whichever dim the activation has its parameters along."""
    learnt = smoothact.nn.Swish(1.5, learnable=True, num_parameters=channels, dim=1, device=device)
    module = smoothact.nn.GLU(activation=learnt, layout="gate_first")
    x = torch.randn(3, 4, 10, device=device).to(dtype)
    gate_bias, up_bias = torch.randn(5, device=device), torch.randn(5, device=device) if up_too else None
    z, u = x[..., :5].double() + gate_bias, x[..., 5:].double() + (0 if up_bias is None else up_bias)
    expected = z * torch.sigmoid(1.5 * z) * u
    given = (x[..., :5], x[..., 5:]) if apart else (x,)
    y = module(*given, gate_bias=gate_bias, up_bias=up_bias)
    torch.testing.assert_close(y.double(), expected, rtol=2 * torch.finfo(dtype).eps, atol=1e-6)


def test_broadcasts(device):
    gate, up = torch.randn(1, 5, device=device), torch.randn(3, 5, device=device)
    beta = torch.rand(5, device=device) + 0.5
    expected = gate * torch.sigmoid(beta * gate) * up
    torch.testing.assert_close(SF.gated(gate, up, activation="swish", beta=beta), expected)


def test_compile(device):
    def loss(x, beta):
        return SF.gated(x, activation="swish", beta=beta).square().mean()

    x, beta = torch.randn(4, 6, device=device), torch.ones(3, device=device, requires_grad=True)
    (expected,) = torch.autograd.grad(loss(x, beta), beta)
    (compiled,) = torch.autograd.grad(torch.compile(loss, fullgraph=True)(x, beta), beta)
    torch.testing.assert_close(compiled, expected)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (TypeError, r"gated: silu has no parameter 'beta' \(it has none\)",
         lambda x: SF.gated(x, beta=torch.ones(3))),
        (ValueError, r"swish: expected beta to have the size of self along dim -1 \(3\), got 6",
         lambda x: SF.gated(x, activation="swish", beta=torch.ones(6))),
        (IndexError, r"swish: beta has 3 channels along dim -1, but self has 0 dimensions",
         lambda x: SF.gated(x[0, 0], x[0, 0], activation="swish", beta=torch.ones(3))),
        (IndexError, r"swish: beta has 3 channels along dim 5, but self has 2 dimensions",
         lambda x: smoothact.nn.GLU(activation=smoothact.nn.Swish(learnable=True, num_parameters=3, dim=5))(x)),
        (ValueError, r"gated: expected gate_bias to have the size of \(2, 3\) along dim -1, got shape \[4\]",
         lambda x: SF.gated(x, activation="swish", beta=torch.ones(()), gate_bias=torch.ones(4))),
        (TypeError, r"gated: expected up_bias to be of float64, .*, got torch.int64",
         lambda x: SF.gated(x, activation="swish", beta=torch.ones(()), up_bias=torch.ones(3).long())),
        (TypeError, r"swiglu_clamped\(\): argument 'alpha' must be float, not Tensor",
         lambda x: SF.swiglu_clamped(x, alpha=torch.ones(()))),
    ],
)  # fmt: skip
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call(torch.randn(2, 6))
