# SPDX-License-Identifier: Apache-2.0
"""In-place forms: the same bits, autograd's rules, and nothing they need overwritten."""

import pytest
import torch
from support import BY_RESULT, DEFAULTS, DTYPES, dtype_name
from torch.autograd import forward_ad, gradcheck, gradgradcheck

INPLACE = [case for case in DEFAULTS if case.descriptor.inplace]


def apply(case, x):
    return case.functional(x, inplace=True)


def sample(device, dtype=torch.float64):
    return (torch.randn(4, 6, device=device) * 2).to(dtype)


def test_there_are_some():
    assert len(INPLACE) >= 5


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", INPLACE)
def test_same_bits_same_tensor(case, dtype, device):
    for view in (lambda t: t, lambda t: t.t(), lambda t: t[:, ::2], lambda t: t[1:3, 1:], lambda t: t[:0]):
        x = sample(device, dtype)
        untouched = x.clone()
        part = view(x)
        expected, version, storage = case(part), x._version, x.data_ptr()
        assert apply(case, part) is part
        assert torch.equal(part, expected) and x._version == version + 1 and x.data_ptr() == storage
        view(untouched).copy_(expected)
        assert torch.equal(x, untouched)


@pytest.mark.parametrize("case", INPLACE)
def test_the_op_returns_nothing(case, device):
    assert getattr(torch.ops.smoothact, case.name + "_")(sample(device), *case.values) is None


@pytest.mark.parametrize("case", INPLACE)
def test_gradients(case, device):
    x = sample(device).requires_grad_()
    assert gradcheck(lambda v: apply(case, v * 1.5), (x,), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(lambda v: apply(case, v * 1.5), (x,), check_fwd_over_rev=True)
    assert gradcheck(lambda v: apply(case, (v * 1.5)[:, 1:4]), (x,), check_forward_ad=True)


@pytest.mark.parametrize("case", INPLACE)
def test_views_rebase_history(case, device):
    x = sample(device).requires_grad_()
    base = x * 1
    apply(case, base[1:3])
    (got,) = torch.autograd.grad(base.sum(), x)
    expected = torch.ones_like(x)
    expected[1:3] = case.derivative(x.detach()[1:3], 1)
    assert torch.equal(got, expected)


@pytest.mark.parametrize("case", INPLACE)
def test_leaf_is_refused(case, device):
    x = sample(device).requires_grad_()
    with pytest.raises(RuntimeError, match="leaf"):
        apply(case, x)
    with pytest.raises(RuntimeError, match="leaf"):
        apply(case, x[1:])
    with torch.no_grad():
        expected = case(x)
        assert torch.equal(apply(case, x), expected)


@pytest.mark.parametrize("case", INPLACE)
def test_what_others_saved_is_guarded(case, device):
    x = sample(device).requires_grad_()
    y = x * 1
    z = y.sin()  # saves y
    apply(case, y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


@pytest.mark.parametrize("case", INPLACE)
def test_chains(case, device):
    x = sample(device).requires_grad_()
    y = apply(case, apply(case, x + 1) * 2)
    (got,) = torch.autograd.grad(y.sum(), x)
    (expected,) = torch.autograd.grad(case(case(x + 1) * 2).sum(), x)
    assert torch.equal(got, expected)
    y = apply(case, apply(case, x + 1))
    if case.name in BY_RESULT:  # as torch's
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()
        return
    (got,) = torch.autograd.grad(y.sum(), x)
    (expected,) = torch.autograd.grad(case(case(x + 1)).sum(), x)
    assert torch.equal(got, expected)


@pytest.mark.parametrize("case", INPLACE)
def test_overlap_is_refused(case, device):
    with pytest.raises(RuntimeError, match=r"(?i)overlap|single memory location"):
        apply(case, torch.ones(1, 3, device=device).expand(4, 3))


@pytest.mark.parametrize("case", INPLACE)
def test_forward_mode(case, device):
    x, t = sample(device), sample(device)
    with forward_ad.dual_level():
        y, tangent = forward_ad.unpack_dual(apply(case, forward_ad.make_dual(x.clone(), t.clone())))
    assert torch.equal(y, case(x)) and torch.equal(tangent, case.op(1)(t, x, *case.values))


@pytest.mark.parametrize("case", INPLACE)
def test_inference_tensors(case, device):
    with torch.inference_mode():
        x = sample(device)
        expected = case(x)
        assert torch.equal(apply(case, x), expected)
    with pytest.raises(RuntimeError, match="inference"):
        apply(case, x)


@pytest.mark.parametrize("case", INPLACE)
def test_modules(case, device):
    module = case.module(inplace=True)
    x = sample(device)
    expected = case(x)
    assert module(x) is x and torch.equal(x, expected)
    assert module.inplace and "inplace=True" in repr(module)
    assert case.module()(x) is not x
