# SPDX-License-Identifier: Apache-2.0
"""Strides, broadcasts, sizes, alignments: the contiguous call's bits, the layout kept, nothing copied."""

import pytest
import torch
from support import DEFAULTS, DTYPES, SMOOTH, dtype_name
from torch.profiler import ProfilerActivity, profile

BASE = (2, 8, 6, 10)
VIEWS = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.transpose(1, 3),
    "permuted": lambda t: t.permute(3, 0, 2, 1),
    "channels_last": lambda t: t.contiguous(memory_format=torch.channels_last),
    "sliced rows": lambda t: t[:, 1:-2],
    "sliced columns": lambda t: t[..., 1:8],
    "every second": lambda t: t[..., ::2],
    "every third, transposed": lambda t: t[:, ::3].transpose(0, 2),
    "one column": lambda t: t[..., 3],
    "expanded": lambda t: t[:, :1].expand(2, 5, 6, 10),
    "expanded scalar": lambda t: t[0, 0, 0, 0].expand(4, 33),
    "offset by one": lambda t: t.flatten()[1:],
    "offset by three": lambda t: t.flatten()[3:].clone().as_strided((400,), (1,), 1),
    "0-d": lambda t: t[1, 2, 3, 4],
    "empty": lambda t: t[:, :0],
    "one element": lambda t: t[:1, :1, :1, :1],
    "many dimensions": lambda t: t.view(2, 2, 2, 2, 3, 2, 5, 2).permute(7, 2, 4, 0, 1, 6, 3, 5),
    "windows that overlap": lambda t: t.flatten().unfold(0, 16, 5),
    "negative bit": lambda t: torch._neg_view(t),
}
DENSE = (
    "contiguous",
    "transposed",
    "permuted",
    "channels_last",
    "offset by one",
    "0-d",
    "empty",
    "many dimensions",
)


def tensor(dtype, device, scale=3.0):
    return (torch.randn(BASE, device=device) * scale).to(dtype)


def flat(order, case, *tensors):
    """The same call on fresh contiguous copies."""
    copies = [t.resolve_neg().clone(memory_format=torch.contiguous_format) for t in tensors]
    return case.op(order)(*copies, *case.values)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_every_second_of_any_number(dtype, device):
    silu = torch.ops.smoothact.silu
    for count in range(1, 140):
        pairs = (torch.randn(2 * count - 1, device=device) * 3).to(dtype)  # ends with the last element taken
        assert torch.equal(silu(pairs[::2]), silu(pairs[::2].clone(memory_format=torch.contiguous_format)))


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("view", VIEWS)
def test_any_view(view, dtype, device):
    x, g, h = (VIEWS[view](tensor(dtype, device)) for _ in range(3))
    for case in DEFAULTS:
        for order, inputs in enumerate(((x,), (g, x), (h, g, x))):
            y = case.op(order)(*inputs, *case.values)
            assert y.dtype == dtype and y.shape == x.shape
            assert torch.equal(y, flat(order, case, *inputs)), (case.name, order)
            if view in DENSE and x.numel():
                assert y.stride() == x.stride(), (case.name, order)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_gradients_of_another_layout(case, dtype, device):
    x = tensor(dtype, device)
    layouts = [
        tensor(dtype, device).contiguous(memory_format=torch.channels_last),
        tensor(dtype, device).transpose(0, 3).contiguous().transpose(0, 3),
        torch.ones((), dtype=dtype, device=device).expand(BASE),
        torch.full((8, 1, 1), 0.5, dtype=dtype, device=device).expand(BASE),
        tensor(dtype, device)[:, :, :1].expand(BASE),
        torch.stack([tensor(dtype, device)] * 2, -1)[..., 1],
    ]
    for g in layouts:
        assert torch.equal(case.op(1)(g, x, *case.values), flat(1, case, g, x))
        for h in layouts[:3]:
            assert torch.equal(case.op(2)(h, g, x, *case.values), flat(2, case, h, g, x))


@pytest.mark.parametrize("case", DEFAULTS)
def test_autograd_through_views(case, device):
    x = tensor(torch.float64, device).requires_grad_()
    for name, view in VIEWS.items():
        y = case(view(x))
        if y.numel():
            (got,) = torch.autograd.grad(y.sum(), x)
            (expected,) = torch.autograd.grad(view(x), x, case.derivative(view(x).detach(), 1))
            torch.testing.assert_close(got, expected, msg=name)


@pytest.mark.parametrize("case", DEFAULTS)
def test_sum_gradient_is_not_materialised(case, device):
    """The gradient of a sum is one number, expanded; it reaches the op as it is."""
    seen = []
    x = tensor(torch.float32, device).requires_grad_()
    y = case(x)
    y.register_hook(lambda g: seen.append(g.stride()))
    y.sum().backward()
    assert seen == [(0, 0, 0, 0)] and x.grad.stride() == x.stride()
    assert torch.equal(x.grad, case.derivative(x.detach(), 1))


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_misaligned_storage(dtype, device):
    raw = torch.zeros(4096 + 16, dtype=torch.uint8, device=device)
    size = torch.empty((), dtype=dtype).element_size()
    source = (torch.randn(200, device=device) * 3).to(dtype)
    for shift in range(0, 16, size):
        x = raw[shift : shift + 200 * size].view(dtype) if shift % size == 0 else None
        x.copy_(source)
        for case in DEFAULTS:
            for order in range(3):
                assert torch.equal(case.derivative(x, order), case.derivative(source, order)), (
                    case.name,
                    shift,
                )


@pytest.mark.parametrize("view", ["transposed", "permuted", "channels_last"])
def test_dense_tensors_are_not_copied(view, device):
    x = VIEWS[view](tensor(torch.float32, device)).detach().requires_grad_()
    g = torch.randn_like(x)
    with profile(activities=[ProfilerActivity.CPU]) as trace:
        for case in DEFAULTS:
            torch.autograd.grad(case(x), x, g)
    copies = {event.name for event in trace.events()} & {"aten::clone", "aten::contiguous", "aten::copy_"}
    assert not copies


def test_large_rows_and_columns(device):
    case = SMOOTH[0]
    for shape in ((1, 2**17 + 3), (2**17 + 3, 1), (70_001, 3), (3, 70_001)):
        x = torch.randn(shape, device=device)
        assert torch.equal(case(x), case(x.flatten()).view(shape))
        assert torch.equal(case(x.t()), case(x).t())


def test_meta_keeps_layout_too():
    for name, view in VIEWS.items():
        if name == "negative bit":
            continue
        real = view(torch.zeros(BASE))
        meta = torch.empty_strided(real.shape, real.stride(), device="meta")
        for case in DEFAULTS[:2]:
            for order in range(3):
                y, m = (case.op(order)(*[t] * (order + 1), *case.values) for t in (real, meta))
                assert m.is_meta and m.shape == y.shape and m.dtype == y.dtype, name
                assert m.stride() == y.stride() or not y.numel(), name
