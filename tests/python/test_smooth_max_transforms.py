# SPDX-License-Identifier: Apache-2.0
"""Derivatives of smooth maxima to the third order, and torch's transforms."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from test_smooth_max import ALL, EVERY_DTYPE, INF, OP, gradient, smallest, textbook


@ALL
@pytest.mark.parametrize("k", [1.0, -1.7, 40.0, 1e-20])
def test_derivatives(kind, k, device):
    for shape, dim in (((3, 4), 1), ((5, 2), 0), ((2, 3, 2), 1)):
        for keepdim in (False, True):
            x = torch.randn(shape, dtype=torch.float64, device=device, requires_grad=True)
            if k == 40.0:
                x = (x / 20).detach().requires_grad_()
            f = lambda t, dim=dim, keepdim=keepdim: SF.smooth_max(t, dim, keepdim, kind=kind, sharpness=k)  # noqa: E731
            if k == 1e-20 and kind != "boltzmann":
                continue  # f is 1e20
            assert torch.autograd.gradcheck(
                f, x, check_forward_ad=True, check_batched_grad=True, check_batched_forward_grad=True
            )
            assert torch.autograd.gradgradcheck(f, x, check_fwd_over_rev=True, check_batched_grad=True)


@ALL
@EVERY_DTYPE
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("length", [7, 600, 5001])
def test_second_derivatives_of_every_kernel(kind, dtype, dim, length, device):
    x = torch.randn(20, length, device=device).to(dtype)
    u, grad = torch.randn_like(x), torch.randn(20, device=device).to(dtype)
    if dim == 0:
        x, u = x.T.contiguous(), u.T.contiguous()
    got = torch.ops.smoothact.smooth_max_double_backward(u, grad, x, dim, False, kind, 1.5)
    wide, g = x.double().requires_grad_(), grad.double().requires_grad_()
    (first,) = torch.autograd.grad(textbook(wide, dim, False, kind, 1.5), wide, g, create_graph=True)
    want = torch.autograd.grad(first, (g, wide), u.double())
    computed_in = torch.finfo(torch.float32 if dtype.itemsize < 8 else dtype).eps
    for a, b in zip(got, want, strict=True):
        assert a.dtype == dtype
        torch.testing.assert_close(
            a.double(), b, rtol=torch.finfo(dtype).eps, atol=20 * computed_in * b.abs().max().item() + smallest(dtype)
        )


@ALL
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("scale", [2.0**70, 2.0**-70])
@pytest.mark.parametrize("dim", [0, 1])
def test_an_extreme_sharpness_is_another_unit(kind, dtype, scale, dim, device):
    """No kernel takes it: these are the formulas of other devices."""
    x, u = (torch.randn(4, 5, device=device).to(dtype) for _ in range(2))
    grad = torch.randn(4 if dim == 1 else 5, device=device).to(dtype)
    wide, narrow = (dim, False, kind, -1.5), (dim, False, kind, -1.5 * scale)
    near = {"rtol": 1e-5, "atol": 2e-6} if dtype == torch.float32 else {"rtol": 1e-12, "atol": 1e-13}
    t = x / scale
    torch.testing.assert_close(OP.smooth_max(t, *narrow) * scale, OP.smooth_max(x, *wide), **near)
    torch.testing.assert_close(OP.smooth_max_backward(grad, t, *narrow), OP.smooth_max_backward(grad, x, *wide), **near)
    got, want = (OP.smooth_max_double_backward(u, grad, *args) for args in ((t, *narrow), (x, *wide)))
    torch.testing.assert_close(got[0], want[0], **near)
    torch.testing.assert_close(got[1] / scale, want[1], **near)
    assert all(a.stride() == b.stride() for a, b in zip(got, want, strict=True))


@ALL
def test_third_order(kind, device):
    x = torch.randn(2, 3, dtype=torch.float64, device=device, requires_grad=True)

    def third(f):
        y = f(x).square().sum()
        for weight in (1.0, 2.0, 3.0):
            (g,) = torch.autograd.grad(y, x, create_graph=True)
            y = (g * torch.arange(6, device=device).view(2, 3).add(weight)).sin().sum()
        return torch.autograd.grad(y, x)[0]

    got = third(lambda t: SF.smooth_max(t, 1, kind=kind, sharpness=1.5))
    torch.testing.assert_close(got, third(lambda t: textbook(t, 1, False, kind, 1.5)), rtol=1e-9, atol=1e-9)


@ALL
def test_infinities_in_the_third_order(kind, device):
    x = torch.tensor([[1.0, INF, INF], [-INF, 0, 1], [-INF, -INF, -INF]], device=device, requires_grad=True)
    y = SF.smooth_max(x, 1, kind=kind)
    for _ in range(3):
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
        assert not g.isnan().any()
        y = g * torch.arange(3.0, device=device)


@ALL
def test_vmap(kind, device):
    x = torch.randn(3, 4, 5, device=device)
    for batch in (0, 1, 2, -1):
        for dim in (0, 1, -1):
            for keepdim in (False, True):
                f = lambda t, dim=dim, keepdim=keepdim: SF.smooth_max(t, dim, keepdim, kind=kind)  # noqa: E731
                loop = torch.stack([f(t) for t in x.unbind(batch)])
                assert torch.equal(torch.func.vmap(f, in_dims=batch)(x), loop)
                g = lambda t, f=f: torch.func.grad(lambda s: f(s).sin().sum())(t)  # noqa: E731
                slopes = torch.stack([g(t) for t in x.unbind(batch)])
                torch.testing.assert_close(torch.func.vmap(g, in_dims=batch)(x), slopes, rtol=0, atol=0)
    rows = torch.func.vmap(lambda t: SF.smooth_max(t, 0, kind=kind))(x[0])
    assert torch.equal(rows, SF.smooth_max(x[0], 1, kind=kind))
    assert torch.equal(torch.func.vmap(lambda t: SF.smooth_max(t, 0, kind=kind))(x[0, 0]), x[0, 0])
    hessian = torch.func.hessian(lambda t: SF.smooth_max(t, 0, kind=kind, sharpness=2.0))(x[0, 0].double())
    want = torch.func.hessian(lambda t: textbook(t, 0, False, kind, 2.0))(x[0, 0].double())
    torch.testing.assert_close(hessian, want)


@ALL
def test_nothing_is_saved_but_the_input(kind, device):
    x = torch.randn(4, 5, device=device, requires_grad=True)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        SF.smooth_max(x, 1, kind=kind)
    assert len(saved) == 1 and saved[0].data_ptr() == x.data_ptr()


@ALL
def test_compile(kind, device):
    module = smoothact.nn.SmoothMax(1, kind=kind, sharpness=1.5)

    def step(x):
        y = module(x + 1).sum()
        return y, torch.autograd.grad(y, x, create_graph=False)[0]

    x = torch.randn(6, 7, 3, device=device, requires_grad=True)
    compiled = torch.compile(module, fullgraph=True, dynamic=True)
    for shape in ((6, 7, 3), (2, 9, 4)):
        x = torch.randn(shape, device=device, requires_grad=True)
        assert torch.equal(compiled(x), module(x))
        grad = torch.randn(shape[0], shape[2], device=device)
        got, want = (torch.autograd.grad(f(x), x, grad)[0] for f in (compiled, module))
        assert torch.equal(got, want)
    multiple = torch.compile(lambda t: SF.mellowmax(t, (0, 2), True), fullgraph=True)
    torch.testing.assert_close(multiple(x), SF.mellowmax(x, (0, 2), True))


def test_compiled_autograd(device):
    x = torch.randn(4, 5, device=device, requires_grad=True)
    with torch._dynamo.compiled_autograd._enable(torch.compile(backend="aot_eager")):
        (g,) = torch.autograd.grad(SF.boltzmann(x, 1).sum(), x)
    torch.testing.assert_close(g, gradient(lambda t: SF.boltzmann(t, 1), x))


def test_export_and_meta(device):
    module = smoothact.nn.SmoothMax((1, 2), kind="boltzmann").to(device)
    x = torch.randn(4, 3, 5, device=device)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("n")},))
    called = [str(n.target) for n in program.graph.nodes if n.op == "call_function"]
    assert "smoothact.smooth_max.default" in called
    other = torch.randn(7, 3, 5, device=device)
    assert torch.equal(program.module()(other), module(other))
    meta = torch.empty(8, 2**20, 2**20, device="meta", requires_grad=True)
    y = SF.logsumexp(meta, 1)
    assert y.shape == (8, 2**20) and torch.autograd.grad(y.sum(), meta)[0].shape == meta.shape


@ALL
@pytest.mark.parametrize("keepdim", [False, True])
def test_opcheck(kind, keepdim, device):
    x, u = (torch.randn(3, 4, 2, device=device, requires_grad=True) for _ in range(2))
    grad = torch.randn((3, 1, 2) if keepdim else (3, 2), device=device, requires_grad=True)
    extra = (1, keepdim, kind, -1.5)
    torch.library.opcheck(OP.smooth_max.default, (x, *extra))
    torch.library.opcheck(OP.smooth_max_backward.default, (grad, x, *extra))
    torch.library.opcheck(OP.smooth_max_double_backward.default, (u, grad, x, *extra))
