# SPDX-License-Identifier: Apache-2.0
"""Gates of any layout, length, strides and number of threads: the same bits; and what Meta promises of them."""

import pytest
import torch
from support import DEFAULTS, DTYPES, dtype_name
from test_gated import LAYOUTS, OPS, pack, pair, values


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", DEFAULTS)
def test_layouts_give_the_same_bits(case, layout, dtype, device):
    """Packed along any dimension, of any strides, in one thread or three: what two dense tensors give."""
    shape = (3, 10, 70)
    gate, up, grad, v_gate, v_up = ((torch.randn(shape, device=device) * 3).to(dtype) for _ in range(5))
    y = pair(case, gate, up)
    d_gate, d_up = OPS.gated_backward(grad, gate, up, case.name, values(case))
    second = OPS.gated_double_backward(v_gate, v_up, grad, gate, up, case.name, values(case))
    for dim in (0, 1, -1):
        x, v = pack(gate, up, layout, dim), pack(v_gate, v_up, layout, dim)
        for view in (lambda t: t, lambda t: t.transpose(0, 2).contiguous().transpose(0, 2), strided):
            a, b, c = view(x), view(grad), view(v)
            keywords = (dim, layout, case.name, values(case))
            assert torch.equal(OPS.gated_packed(a, *keywords), y)
            packed = OPS.gated_packed_backward(b, a, *keywords)
            assert torch.equal(packed, pack(d_gate, d_up, layout, dim))
            d_grad, d_x = OPS.gated_packed_double_backward(c, b, a, *keywords)
            assert torch.equal(d_grad, second[0])
            assert torch.equal(d_x, pack(*second[1:], layout, dim))


def strided(t):
    return torch.stack([t, t], -1)[..., 1]


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("limit", [None, 1.5])
def test_neither_length_nor_threads_change_bits(limit, dtype):
    gate, up, grad = ((torch.randn(3 * 2**15 + 77) * 3).to(dtype) for _ in range(3))
    name = DEFAULTS[0].name
    whole = OPS.gated_backward(grad, gate, up, name, [], limit)
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            for a, b in zip(OPS.gated_backward(grad, gate, up, name, [], limit), whole, strict=True):
                assert torch.equal(a, b)
    finally:
        torch.set_num_threads(threads)
    for start in (0, 1, 3, 8):
        for length in (1, 7, 16, 255, 256, 257, 511, 512, 513, 1025):
            parts = OPS.gated_backward(*(t[start : start + length] for t in (grad, gate, up)), name, [], limit)
            assert all(torch.equal(p, w[start : start + length]) for p, w in zip(parts, whole, strict=True))


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_broadcasting(dtype, device):
    name = DEFAULTS[0].name
    gate = torch.randn(4, 1, 5, device=device).to(dtype).requires_grad_()
    up = torch.randn(3, 1, device=device).to(dtype).requires_grad_()
    wide = [t.detach().expand(4, 3, 5).contiguous().requires_grad_() for t in (gate, up)]
    y, expected = OPS.gated(gate, up, name), OPS.gated(*wide, name)
    assert torch.equal(y, expected)
    grad = torch.randn(4, 3, 5, device=device).to(dtype)
    for needed in ((0,), (1,), (0, 1)):
        got = torch.autograd.grad(y, [(gate, up)[i] for i in needed], grad, retain_graph=True)
        want = torch.autograd.grad(expected, [wide[i] for i in needed], grad, retain_graph=True)
        for i, a, b in zip(needed, got, want, strict=True):
            assert torch.equal(a, b.sum_to_size((gate, up)[i].shape))


@pytest.mark.parametrize("shape", [(2, 8, 6, 10), (4,), (2, 6)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_meta_promises_the_layout(layout, shape):
    name = DEFAULTS[0].name
    real = torch.zeros(shape)
    views = [real, real.t() if real.dim() == 2 else real]
    if real.dim() == 4:
        views += [real.contiguous(memory_format=torch.channels_last), real.permute(3, 0, 2, 1), real[:, ::2]]
    for x in views:
        meta = torch.empty_strided(x.shape, x.stride(), device="meta")
        for dim in range(x.dim()):
            y, m = (OPS.gated_packed(t, dim, layout, name) for t in (x, meta))
            d, n = (OPS.gated_packed_backward(a, b, dim, layout, name) for a, b in ((y, x), (m, meta)))
            assert m.is_meta and (m.shape, steps(m)) == (y.shape, steps(y))
            assert (n.shape, steps(n)) == (d.shape, steps(d)) and d.shape == x.shape


def steps(t):
    """The strides, but of dimensions of size 1, where torch's own differ between devices."""
    return [stride for size, stride in zip(t.shape, t.stride(), strict=True) if size > 1]
