# SPDX-License-Identifier: Apache-2.0
"""The op of a gate that learns: where its operands may lie, its bias, what is needed of its gradients."""

import pytest
import smoothact
import torch
from test_gated_learnable import halves
from torch.testing import assert_close

pytestmark = pytest.mark.skipif("swish" not in smoothact.catalogue, reason="the list is short")

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
# Long channels, short ones that are brought together, more and fewer of them than are at once, one, none apart.
SHAPES = [
    ((3, 5, 7), 1),
    ((40, 16, 600), 1),
    ((7, 3), -1),
    ((5, 1030), 0),
    ((2, 3, 17, 19), 1),
    ((64, 2000), -1),
    ((37, 45), -1),
    ((9,), 0),
]


def dense(x):
    return x


def across(x):
    return x.transpose(0, -1).contiguous().transpose(0, -1)


def apart(x):
    return torch.stack([x, x], -1)[..., 1]


def half(x):
    return torch.cat([x, x], -1)[..., : x.shape[-1]]


def repeated(x):
    return x[..., :1].expand_as(x)


def broken(x):
    """That no three strides describe."""
    return torch.nn.functional.pad(x, (1, 1) * x.dim())[(slice(1, -1),) * x.dim()]


def swish(x, beta, bias=None, up=None, dim=1, layout=None):
    return torch.ops.smoothact.swish.Tensor(x, beta, bias, up, dim=dim, layout=layout)


def textbook(x, beta, bias, up, dim):
    def beside(p):
        return p.reshape([-1 if i == dim % x.dim() else 1 for i in range(x.dim())]) if p.numel() > 1 else p

    z = x if bias is None else x + beside(bias)
    y = z * torch.sigmoid(beside(beta) * z)
    return y if up is None else y * up


def leaves(tensors):
    return [t if t is None else t.detach().requires_grad_() for t in tensors]


@pytest.mark.parametrize("lie", [dense, across, apart, half, repeated, broken])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
@pytest.mark.parametrize("biased", [False, True])
def test_equals_the_textbook(shape, dim, dtype, lie, biased, device):
    generator = torch.Generator().manual_seed(1)
    x, up, grad = (lie(torch.randn(shape, generator=generator).to(device, dtype)) for _ in range(3))
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    beta, bias = (torch.rand(shape[dim], generator=generator).to(device, wide) + 0.5 for _ in range(2))
    given = leaves([x, beta, bias if biased else None, up])
    exact = leaves([t if t is None else t.double() for t in given])
    y, expected = swish(*given, dim), textbook(*exact, dim)
    eps = torch.finfo(dtype).eps
    assert y.dtype == dtype and y.stride() == torch.empty_like(x).stride()
    assert_close(y.double(), expected, rtol=4 * eps, atol=4 * eps)
    real, wanted = ([t for t in ts if t is not None] for ts in (given, exact))
    ours = torch.autograd.grad(y, real, grad)
    theirs = torch.autograd.grad(expected, wanted, grad.double())
    for t, a, b in zip(real, ours, theirs, strict=True):
        assert a.dtype == t.dtype
        # Sums: beside the sum of magnitudes, which a thousand terms of size one bring to a thousand.
        scale = max(1.0, x.numel() / t.numel())
        assert_close(a.double(), b, rtol=8 * eps, atol=16 * torch.finfo(t.dtype).eps * scale)
    for t, a in zip(real, ours, strict=True):
        assert torch.equal(torch.autograd.grad(swish(*given, dim), t, grad)[0], a), "alone"


@pytest.mark.parametrize("layout", ["gate_first", "up_first", "interleaved"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lie", [dense, across, apart])
@pytest.mark.parametrize("biased", [False, True])
def test_packed_is_a_gate_of_its_halves(layout, dtype, lie, biased, device):
    """Bit for bit: the same values go through the same arithmetic wherever they lie."""
    x = lie(torch.randn(6, 2 * 300, 5, device=device).to(dtype)).detach().requires_grad_()
    gate, up = leaves(halves(x, layout, 1))
    beta = (torch.rand(300, device=device) + 0.5).requires_grad_()
    bias = torch.randn(300, device=device, requires_grad=True) if biased else None
    grad = torch.randn(6, 300, 5, device=device).to(dtype)
    y, of_two = swish(x, beta, bias, layout=layout), swish(gate, beta, bias, up)
    assert torch.equal(y, of_two)
    learnt = [beta] if bias is None else [beta, bias]
    by_x, *ours = torch.autograd.grad(y, [x, *learnt], grad)
    by_gate, by_up, *theirs = torch.autograd.grad(of_two, [gate, up, *learnt], grad)
    assert by_x.stride() == torch.empty_like(x).stride()
    assert all(map(torch.equal, halves(by_x, layout, 1), (by_gate, by_up)))
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b)  # whose terms are added in another order


def test_sums_do_not_depend_on_what_is_needed(device):
    """Nor on where the result lies: grad and self have their dims in other orders."""
    x, up = (torch.randn(600, 16, dtype=torch.float64, device=device) for _ in range(2))
    grad = torch.randn(16, 600, dtype=torch.float64, device=device).t()
    for beta, bias in ((torch.rand(16), None), (torch.rand(16), torch.randn(16)), (torch.rand(1), torch.randn(16))):
        given = leaves([x, beta.double().to(device) + 0.5, bias if bias is None else bias.double().to(device), up])
        y = swish(*given)
        real = [t for t in given if t is not None]
        together = torch.autograd.grad(y, real, grad, retain_graph=True)
        for t, g in zip(real, together, strict=True):
            assert torch.equal(torch.autograd.grad(y, t, grad, retain_graph=True)[0], g)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gated", [False, True])
def test_a_bias_of_short_channels_beside_one_parameter(gated, dtype, device):
    x, up, grad = (torch.randn(70, 40, device=device).to(dtype) for _ in range(3))
    beta, bias = torch.tensor(1.5, dtype=torch.float64, device=device), torch.randn(40, device=device)
    given = leaves([x, beta, bias, up if gated else None])
    exact = leaves([t if t is None else t.double() for t in given])
    y, expected = swish(*given), textbook(*exact, 1)
    eps = torch.finfo(dtype).eps
    assert_close(y.double(), expected, rtol=4 * eps, atol=max(4 * eps, 1e-6))
    real, wanted = ([t for t in ts if t is not None] for ts in (given, exact))
    for a, b in zip(
        torch.autograd.grad(y, real, grad), torch.autograd.grad(expected, wanted, grad.double()), strict=True
    ):
        assert_close(a.double(), b, rtol=8 * eps, atol=max(32 * eps, 1e-4))


def test_threads(device):
    x, up, grad = (torch.randn(33, 70, 9) for _ in range(3))
    given = leaves([x, torch.rand(70) + 0.5, torch.randn(70), up])
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            y = swish(*given)
            found.append([y, *torch.autograd.grad(y, given, grad)])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_outside_its_domain_is_nan(device):
    """Of one channel, in a packed gate whose gradient has a place of its own."""
    x = torch.randn(2, 8, device=device, requires_grad=True)
    beta = torch.tensor([1.0, -1.0, 2.0, 1.0], device=device)
    y = torch.ops.smoothact.softplus.Tensor(x, beta, torch.tensor(20.0, device=device), dim=1, layout="gate_first")
    assert y.isnan().any(0).tolist() == [False, True, False, False]
    (by_x,) = torch.autograd.grad(y, x, torch.ones_like(y))
    assert by_x.isnan().any(0).tolist() == [False, True, False, False] * 2


def test_vmap(device):
    x, up = (torch.randn(3, 4, 5, device=device) for _ in range(2))
    beta = torch.rand(3, 5, device=device) + 0.5
    mapped = torch.vmap(lambda x, beta, up: swish(x, beta, None, up, dim=-1))(x, beta, up)
    assert_close(mapped, torch.stack([textbook(x[i], beta[i], None, up[i], -1) for i in range(3)]))
    packed = torch.cat([x, up], -1)
    both = torch.vmap(lambda x, beta: swish(x, beta, dim=-1, layout="gate_first"), in_dims=(0, 0))(packed, beta)
    assert_close(both, mapped)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"swish: expected up to have the shape of self \(\[2, 6\]\), got \[2, 5\]",
         lambda x, b: swish(x, b, None, x[:, 1:])),
        (TypeError, r"swish: expected up to have the dtype of self \(Float\), got Double",
         lambda x, b: swish(x, b, None, x.double())),
        (RuntimeError, r"swish: expected up to be on the device of self", lambda x, b: swish(x, b, None, x.to("meta"))),
        (NotImplementedError, r"swish: up", lambda x, b: swish(x, b, None, x.int())),
        (TypeError, r"swish: expected no up beside a layout", lambda x, b: swish(x, b, None, x, layout="gate_first")),
        (ValueError, r"swish: layout must be gate_first, up_first or interleaved, got 'halves'",
         lambda x, b: swish(x, b, layout="halves")),
        (RuntimeError, r"swish: halving dimension must be even, but dimension 1 is size 5",
         lambda x, b: swish(x[:, 1:], b, layout="gate_first")),
        (IndexError, r"swish: Dimension out of range", lambda x, b: swish(x, b, dim=2, layout="gate_first")),
        (ValueError, r"swish: expected beta to have the size of self along dim 1 \(3\), got 6",
         lambda x, b: swish(x, torch.ones(6), layout="gate_first")),
    ],
)  # fmt: skip
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call(torch.randn(2, 6), torch.ones(()))
