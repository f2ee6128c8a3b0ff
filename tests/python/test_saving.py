# SPDX-License-Identifier: Apache-2.0
"""Memory: the input is saved and nothing else; the result where it tells the slope as well."""

import gc
import weakref

import pytest
import smoothact
import smoothact.functional as SF
import torch
from support import BY_RESULT, DEFAULTS, DTYPES, dtype_name
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.utils.checkpoint import checkpoint


def saved_by(f):
    packed = []
    with saved_tensors_hooks(lambda t: (packed.append(t), t)[1], lambda t: t):
        result = f()
    return packed, result


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_saves_one_tensor_alone(case, dtype, device):
    x = torch.randn(8, 6, device=device).to(dtype).requires_grad_()
    for view in (x, x.t(), x[:, ::2], x[:1].expand(5, 6)):
        for call in (case, case.functional, case.module()):
            packed, y = saved_by(lambda view=view, call=call: call(view))
            assert y.requires_grad
            kept = y if case.name in BY_RESULT else view
            assert [t.data_ptr() for t in packed] == [kept.data_ptr()]
            assert packed[0].stride() == kept.stride() and packed[0].shape == view.shape


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("name", [n for n in BY_RESULT if n in smoothact.catalogue])
def test_slopes_by_the_result(name, dtype, device):
    """At every input of 16 bits, kinks and infinities among them, against torch's own."""
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16, device=device).view(torch.bfloat16)
    x = x[~x.isnan()].to(dtype).requires_grad_()
    ours, theirs = getattr(SF, name), getattr(torch.nn.functional, name)
    for arguments in ((), (0.3,), (0.0,), (-0.5,)) if name == "leaky_relu" else ((),):
        grads = [torch.autograd.grad(f(x, *arguments).sum(), x)[0] for f in (ours, theirs)]
        assert torch.equal(*grads), arguments
        packed, _ = saved_by(lambda arguments=arguments: ours(x, *arguments))
        assert (packed[0].data_ptr() == x.data_ptr()) == (arguments == (-0.5,))


@pytest.mark.parametrize("name", [n for n in BY_RESULT if n in smoothact.catalogue])
def test_modified_result_is_noticed(name, device):
    x = torch.randn(8, device=device, requires_grad=True)
    y = getattr(SF, name)(x)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("name", [n for n in BY_RESULT if n in smoothact.catalogue])
def test_in_place_without_a_copy(name, device):
    x = torch.randn(8, device=device, requires_grad=True)
    packed, y = saved_by(lambda: getattr(SF, name)(x * 3, inplace=True))
    assert [t.data_ptr() for t in packed if t.dim()] == [y.data_ptr()]
    (grad,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(grad, torch.autograd.grad(getattr(torch.nn.functional, name)(x * 3).sum(), x)[0])


@pytest.mark.parametrize("case", DEFAULTS)
def test_saves_nothing_without_grad(case, device):
    x = torch.randn(8, device=device)
    assert saved_by(lambda: case(x))[0] == []
    with torch.no_grad():
        assert saved_by(lambda: case(x.requires_grad_()))[0] == []


@pytest.mark.parametrize("case", DEFAULTS)
def test_first_order_backward_saves_nothing(case, device):
    x = torch.randn(8, device=device, requires_grad=True)
    y = case(x).sum()
    assert saved_by(lambda: torch.autograd.grad(y, x))[0] == []


def test_graph_is_freed(device):
    alive, outputs = {}, []
    for case in DEFAULTS:
        x = torch.randn(8, device=device, requires_grad=True) * 1
        outputs.append(case(x))
        alive[case.name] = weakref.ref(x)
        outputs[-1].sum().backward()
    del x
    gc.collect()
    assert not [name for name, x in alive.items() if x() is not None]


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.name not in BY_RESULT])
def test_modified_input_is_noticed(case, device):
    x = torch.randn(8, device=device, requires_grad=True) * 1
    y = case(x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("reentrant", [False, True])
def test_activation_checkpointing(reentrant, device):
    x = torch.randn(6, 5, device=device, requires_grad=True)
    for case in DEFAULTS:
        checkpoint(case.module(), x * 2, use_reentrant=reentrant).sum().backward()
        (expected,) = torch.autograd.grad(case(x * 2).sum(), x)
        assert torch.equal(x.grad, expected), case.name
        x.grad = None


def test_save_on_cpu(device):
    x = torch.randn(6, 5, device=device, requires_grad=True)
    for case in DEFAULTS:
        with save_on_cpu():
            y = case(x)
        assert torch.equal(torch.autograd.grad(y.sum(), x)[0], case.derivative(x.detach(), 1)), case.name
