# SPDX-License-Identifier: Apache-2.0
"""Autograd to second order in every mode, and the third."""

import pytest
import torch
from smoothact.oracle import rounded
from support import CASES, DEFAULTS, SMOOTH
from torch.autograd import forward_ad, grad, gradcheck, gradgradcheck

POINTS = [-5.3, -2.1, -1.2, -0.7, -0.31, 0.23, 0.8, 1.9, 4.4]


def points(device, *shape):
    return torch.tensor(POINTS, dtype=torch.float64, device=device).reshape(*shape or (-1,)).requires_grad_()


@pytest.mark.parametrize("case", CASES)
def test_gradcheck(case, device):
    checks = {"check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}
    assert gradcheck(case, points(device, 3, 3), **checks)


@pytest.mark.parametrize("case", CASES)
def test_gradgradcheck(case, device):
    assert gradgradcheck(
        case, points(device, 3, 3), check_fwd_over_rev=True, check_rev_over_rev=True, check_batched_grad=True
    )


@pytest.mark.parametrize("case", DEFAULTS)
def test_backward_op_is_differentiable_alone(case, device):
    g = torch.randn(len(POINTS), dtype=torch.float64, device=device, requires_grad=True)
    assert gradcheck(lambda g, x: case.op(1)(g, x, *case.values), (g, points(device)), check_forward_ad=True)


def third(case, x):
    y = case(x)
    for _ in range(2):
        (y,) = grad(y.sum(), x, create_graph=True)
    return grad(y.sum(), x)[0]


@pytest.mark.parametrize("case", CASES)
def test_third_order(case, device):
    """Exact values, at 0 too; or an error that names the op."""
    at = [*POINTS, *([0.0] if case.descriptor.smoothness >= 3 and case.exact(0.0, 3) else [])]
    x = torch.tensor(at, dtype=torch.float64, device=device, requires_grad=True)
    try:
        got = third(case, x)
    except (RuntimeError, NotImplementedError) as error:
        assert case.name in str(error)
        return
    exact = torch.tensor([rounded(case.exact(p, 3)[3], "float64") for p in at], dtype=torch.float64)
    torch.testing.assert_close(got.cpu(), exact, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("case", SMOOTH)
def test_third_order_against_differences(case, device):
    x = torch.tensor([*POINTS, 0.0], dtype=torch.float64, device=device, requires_grad=True)
    if case.descriptor.smoothness < 4:  # at 0 they are of f''' only where it has a slope
        x = x[:-1].detach().requires_grad_()
    step = 1e-4
    with torch.no_grad():
        difference = (case.derivative(x + step, 2) - case.derivative(x - step, 2)) / (2 * step)
    try:
        got = third(case, x)
    except (RuntimeError, NotImplementedError) as error:
        assert case.name in str(error)
        return
    torch.testing.assert_close(got, difference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", DEFAULTS)
def test_fourth_order_is_right_or_named(case, device):
    x = points(device)
    try:
        y = case(x)
        for _ in range(4):
            (y,) = grad(y.sum(), x, create_graph=True)
    except (RuntimeError, NotImplementedError) as error:
        assert case.name in str(error) or "does not require grad" in str(error)
        return
    exact = torch.tensor([rounded(case.exact(p, 4)[4], "float64") for p in POINTS], dtype=torch.float64)
    torch.testing.assert_close(y.detach().cpu(), exact, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", DEFAULTS)
def test_forward_mode_is_the_backward_op(case, device):
    x, t = points(device).detach(), torch.randn(len(POINTS), dtype=torch.float64, device=device)
    with forward_ad.dual_level():
        y, tangent = forward_ad.unpack_dual(case(forward_ad.make_dual(x, t)))
    assert torch.equal(y, case(x))
    assert torch.equal(tangent, case.op(1)(t, x, *case.values))


@pytest.mark.parametrize("case", DEFAULTS)
def test_forward_over_forward(case, device):
    from torch.func import jvp

    x = points(device).detach()
    ones = torch.ones_like(x)
    _, second = jvp(lambda v: jvp(case, (v,), (ones,))[1], (x,), (ones,))
    torch.testing.assert_close(second, case.derivative(x, 2))


@pytest.mark.parametrize("case", DEFAULTS)
def test_no_graph_where_none_is_wanted(case, device):
    x = points(device)
    with torch.no_grad():
        assert not case(x).requires_grad
    with torch.inference_mode():
        assert case(x).is_inference()
    assert not case(x.detach()).requires_grad
    (slope,) = grad(case(x).sum(), x)
    assert not slope.requires_grad


@pytest.mark.parametrize("case", DEFAULTS)
def test_backward_accumulates_and_retains(case, device):
    x = points(device)
    y = case(x).sum()
    y.backward(retain_graph=True)
    once = x.grad.clone()
    y.backward()
    assert torch.equal(x.grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
