# SPDX-License-Identifier: Apache-2.0
"""Memory: the input is saved and nothing else."""

import gc
import weakref

import pytest
import torch
from support import DEFAULTS, DTYPES, dtype_name
from torch.autograd.graph import save_on_cpu, saved_tensors_hooks
from torch.utils.checkpoint import checkpoint


def saved_by(f):
    packed = []
    with saved_tensors_hooks(lambda t: (packed.append(t), t)[1], lambda t: t):
        result = f()
    return packed, result


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_saves_the_input_alone(case, dtype, device):
    x = torch.randn(8, 6, device=device).to(dtype).requires_grad_()
    for view in (x, x.t(), x[:, ::2], x[:1].expand(5, 6)):
        for call in (case, case.functional, case.module()):
            packed, y = saved_by(lambda view=view, call=call: call(view))
            assert y.requires_grad
            assert [t.data_ptr() for t in packed] == [view.data_ptr()]
            assert packed[0].stride() == view.stride() and packed[0].shape == view.shape


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


@pytest.mark.parametrize("case", DEFAULTS)
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
