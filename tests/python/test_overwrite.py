# SPDX-License-Identifier: Apache-2.0
"""The backward pass writes over a gradient that nobody can see, and over no other."""

import pytest
import smoothact
import torch
from support import DTYPES, default, dtype_name, one_of_each_kind
from torch.utils._python_dispatch import TorchDispatchMode

KINDS = one_of_each_kind([default(name) for name in smoothact.catalogue])
MISH = default("mish")
HALF = torch.full((64,), 0.5)


def sample(size=64):
    return torch.randn(size, requires_grad=True)


def halved(y):
    """Its gradient, 1/2 everywhere, is a new tensor that the engine alone refers to."""
    return (y * torch.full_like(y, 0.5)).sum()


def allocated(backward, op):
    """Bytes that an op has allocated, less those that it has freed."""
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=cpu, profile_memory=True, acc_events=True) as profile:
        backward()
    (event,) = (e for e in profile.key_averages() if e.key == f"smoothact::{op}")
    return event.cpu_memory_usage


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", KINDS)
def test_same_bits_in_the_same_place(case, dtype):
    for size in (5, 1000, 100_000):
        x = torch.randn(size).to(dtype).requires_grad_()
        expected = case.op(1)(torch.full_like(x, 0.5), x.detach(), *case.values)
        got = []
        y = halved(case(x))
        assert allocated(lambda y=y, x=x, got=got: got.extend(torch.autograd.grad(y, x)), f"{case.name}_backward") == 0
        assert torch.equal(got[0], expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_few_bits_in_the_same_place(dtype):
    x = torch.randn(1000).to(dtype).requires_grad_()
    y, got = smoothact.functional.mish(x, fewbit=3), []
    (expected,) = torch.autograd.grad(y, x, torch.full_like(x, 0.5), retain_graph=True)
    assert allocated(lambda: got.extend(torch.autograd.grad(halved(y), x)), "fewbit_backward") == 0
    assert torch.equal(got[0], expected)


def test_second_backward():
    x = sample()
    y = halved(MISH(x))
    first = torch.autograd.grad(y, x, retain_graph=True)[0].clone()
    assert torch.equal(torch.autograd.grad(y, x)[0], first)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, x)


def test_captured_gradients():
    x = sample()
    y = MISH(x)
    by_y, by_x = torch.autograd.grad(halved(y), (y, x))
    assert torch.equal(by_y, HALF) and torch.equal(by_x, MISH.op(1)(HALF, x.detach()))
    z = MISH(x).view(8, 8)  # the gradient is a view of the one that is captured
    by_z, by_x = torch.autograd.grad(halved(z), (z, x))
    assert torch.equal(by_z.flatten(), HALF) and torch.equal(by_x, MISH.op(1)(HALF, x.detach()))


def test_retained_gradients():
    x = sample()
    y = MISH(x)
    y.retain_grad()
    halved(y).backward()
    assert torch.equal(y.grad, HALF) and torch.equal(x.grad, MISH.op(1)(HALF, x.detach()))


def test_hooks_see_what_came():
    x, seen = sample(), []
    y = MISH(x)
    y.register_hook(seen.append)
    y.grad_fn.register_prehook(lambda grads: seen.extend(grads))
    y.grad_fn.register_hook(lambda results, grads: seen.extend(grads))
    halved(y).backward()
    assert len(seen) == 3 and all(torch.equal(s, HALF) for s in seen)


@pytest.mark.parametrize("other", [lambda x: x, MISH, torch.sin, lambda x: x.view(8, 8).view(64)])
def test_a_gradient_for_two(other):
    """Addition hands the same tensor to both: the last one may have it, the first must not."""
    a, b = sample(), sample()
    for y in (MISH(a) + other(b), other(b) + MISH(a)):
        by_a, by_b = torch.autograd.grad(halved(y), (a, b))
        assert torch.equal(by_a, MISH.op(1)(HALF, a.detach()))
        torch.testing.assert_close(by_b, torch.autograd.grad(other(b), b, HALF)[0])
    (twice,) = torch.autograd.grad(halved(MISH(a) + other(a)), a)
    torch.testing.assert_close(twice, by_a + torch.autograd.grad(other(a), a, HALF)[0])


def test_gradients_of_leaves():
    """AccumulateGrad takes a tensor over as the leaf's gradient without a copy."""
    a, b = sample(), sample()
    for y in (MISH(a) + b, b + MISH(a)):
        a.grad = b.grad = None
        halved(y).backward()
        assert torch.equal(b.grad, HALF) and torch.equal(a.grad, MISH.op(1)(HALF, a.detach()))


def test_views():
    """Halves of one tensor, whose memory the other half's gradient shares."""
    x = sample(128)
    y = torch.cat([MISH(x[:64]), x[64:]])
    (got,) = torch.autograd.grad(halved(y), x)
    assert torch.equal(got, torch.cat([MISH.op(1)(HALF, x.detach()[:64]), HALF]))
    (got,) = torch.autograd.grad(halved(torch.stack([MISH(x), MISH(x)])), x)
    torch.testing.assert_close(got, 2 * MISH.op(1)(torch.full_like(x, 0.5), x.detach()))


def test_expanded_gradients():
    x = sample()
    assert torch.equal(torch.autograd.grad(MISH(x).sum(), x)[0], MISH.op(1)(torch.ones(64), x.detach()))


class Handing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y, grad):
        ctx.handed = grad
        return y.clone()

    @staticmethod
    def backward(ctx, grad):
        return ctx.handed, None


def test_memory_of_others():
    numpy = pytest.importorskip("numpy")
    x, array = sample(), numpy.full(64, 0.5, dtype=numpy.float32)
    torch.autograd.grad(Handing.apply(MISH(x), torch.from_numpy(array)).sum(), x)
    assert (array == 0.5).all()
    grad = torch.from_numpy(array)
    MISH(x).backward(grad)
    assert (array == 0.5).all()
    MISH(x).backward(torch.from_numpy(array))
    assert (array == 0.5).all()


@pytest.mark.parametrize("layout", [lambda t: t.t(), lambda t: t[:, ::2], lambda t: t[:, :1].expand(8, 8)])
def test_layouts(layout):
    x = layout(torch.randn(8, 8)).detach().requires_grad_()
    half = torch.full(x.shape, 0.5)
    (got,) = torch.autograd.grad((MISH(x) * half).sum(), x)
    assert torch.equal(got, MISH.op(1)(half, x.detach()))


def test_graphs_are_recorded():
    x = torch.randn(64, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(halved(MISH(x)), x, create_graph=True)
    torch.testing.assert_close(torch.autograd.grad(g.sum(), x)[0], 0.5 * MISH.derivative(x.detach(), 2))


def test_modes_see_the_op():
    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            names.add(str(function))
            return function(*arguments, **(keywords or {}))

    names, x = set(), sample()
    y = halved(MISH(x))
    with Names():
        torch.autograd.grad(y, x)
    assert "smoothact.mish_backward.default" in names
