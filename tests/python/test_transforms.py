# SPDX-License-Identifier: Apache-2.0
"""torch.func: vmap against a loop, derivatives of derivatives, per-sample gradients."""

import pytest
import torch
from support import CASES, DEFAULTS
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap


def sample(device, *shape):
    return torch.randn(*shape, dtype=torch.float64, device=device) * 2


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("case", DEFAULTS)
def test_vmap_equals_a_loop(case, dim, device):
    x = sample(device, 3, 4, 5)
    loop = torch.stack([case(v) for v in x.unbind(dim)])
    assert torch.equal(vmap(case, in_dims=dim)(x), loop)
    assert torch.equal(vmap(case, in_dims=dim, out_dims=dim)(x), case(x))
    assert torch.equal(vmap(case.functional, in_dims=dim)(x), loop)


@pytest.mark.parametrize("case", DEFAULTS)
def test_nested_vmap(case, device):
    x = sample(device, 3, 4, 5)
    assert torch.equal(vmap(vmap(case, in_dims=1), in_dims=2)(x), case(x).permute(2, 1, 0))
    assert torch.equal(vmap(vmap(vmap(case)))(x), case(x))
    assert torch.equal(vmap(case, chunk_size=2)(x), case(x))


@pytest.mark.parametrize("dims", [(0, 0), (0, None), (None, 0), (1, 0), (0, 1)])
@pytest.mark.parametrize("case", DEFAULTS)
def test_vmap_of_the_backward_ops(case, dims, device):
    shapes = {None: (4,), 0: (3, 4), 1: (4, 3)}
    g, x = (sample(device, *shapes[d]) for d in dims)

    def backward(g, x):
        return case.op(1)(g, x, *case.values)

    rows = [
        backward(*(t if d is None else t.select(d, i) for t, d in zip((g, x), dims, strict=True))) for i in range(3)
    ]
    assert torch.equal(vmap(backward, in_dims=dims)(g, x), torch.stack(rows))

    def double_backward(h, g, x):
        return case.op(2)(h, g, x, *case.values)

    h = sample(device, 4)
    rows = [
        double_backward(h, *(t if d is None else t.select(d, i) for t, d in zip((g, x), dims, strict=True)))
        for i in range(3)
    ]
    assert torch.equal(vmap(double_backward, in_dims=(None, *dims))(h, g, x), torch.stack(rows))


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.descriptor.inplace])
def test_vmap_in_place(case, device):
    x = sample(device, 3, 4)
    expected = case(x)
    vmap(lambda v: case.functional(v, inplace=True), in_dims=1, out_dims=1)(x)
    assert torch.equal(x, expected)


@pytest.mark.parametrize("case", CASES)
def test_jacobians_and_hessians(case, device):
    x = sample(device, 5)
    slope, curvature = case.derivative(x, 1), case.derivative(x, 2)
    torch.testing.assert_close(jacrev(case)(x), slope.diag())
    torch.testing.assert_close(jacfwd(case)(x), slope.diag())

    def total(v):
        return case(v).sum()

    for second in (hessian(total), jacrev(jacrev(total)), jacfwd(jacfwd(total)), jacrev(jacfwd(total))):
        torch.testing.assert_close(second(x), curvature.diag())
    torch.testing.assert_close(vmap(grad(grad(case)))(x), curvature)
    torch.testing.assert_close(torch.autograd.functional.hessian(total, x), curvature.diag())


@pytest.mark.parametrize("case", DEFAULTS)
def test_vjp_and_jvp(case, device):
    x, t = sample(device, 3, 4), sample(device, 3, 4)
    y, pull = vjp(case, x)
    assert torch.equal(y, case(x))
    assert torch.equal(pull(t)[0], case.op(1)(t, x, *case.values))
    y, tangent = jvp(case, (x,), (t,))
    assert torch.equal(y, case(x)) and torch.equal(tangent, pull(t)[0])
    tangents = sample(device, 6, 3, 4)
    batched = vmap(lambda v: jvp(case, (x,), (v,))[1])(tangents)
    assert torch.equal(batched, torch.stack([case.op(1)(v, x, *case.values) for v in tangents]))


@pytest.mark.parametrize("case", DEFAULTS)
def test_per_sample_gradients(case, device):
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), case.module(), torch.nn.Linear(8, 1)).to(device, torch.float64)
    weights = dict(net.named_parameters())
    x = sample(device, 6, 4)

    def loss(weights, row):
        return functional_call(net, weights, (row,)).pow(2).sum()

    batched = vmap(grad(loss), in_dims=(None, 0))(weights, x)
    for i, row in enumerate(x):
        alone = torch.autograd.grad(loss(weights, row), list(weights.values()))
        for name, value in zip(weights, alone, strict=True):
            torch.testing.assert_close(batched[name][i], value)
