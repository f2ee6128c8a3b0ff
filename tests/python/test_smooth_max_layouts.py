# SPDX-License-Identifier: Apache-2.0
"""Smooth maxima of rows that lie in any way: the result is a row's own, to the last bit."""

import math

import pytest
import smoothact.functional as SF
import torch
from test_smooth_max import ALL, EVERY_DTYPE, OP, gradient

LAYOUTS = {
    "transposed": lambda x: x.mT.contiguous().mT,
    "every third": lambda x: torch.stack([x, -x, x + 1], -1).flatten(-2)[..., ::3],
    "offset": lambda x: torch.cat([x[..., :1], x], -1)[..., 1:],
    "permuted": lambda x: x.permute(2, 0, 1).contiguous().permute(1, 2, 0),
    "rows apart": lambda x: torch.cat([x, x], -1)[..., : x.shape[-1]],
}


def all_orders(kind, x, dim, k=1.25):
    """Forward, backward, and both results of double backward, each of a row's own numbers alone."""
    extra = {"dim": dim, "keepdim": True, "kind": kind, "sharpness": k}
    grad = x.select(dim, 0).unsqueeze(dim) * 0.5
    return [
        OP.smooth_max(x, **extra),
        OP.smooth_max_backward(grad, x, **extra),
        *OP.smooth_max_double_backward(3 * x, grad, x, **extra),
    ]


@ALL
@EVERY_DTYPE
@pytest.mark.parametrize("length", [1, 5, 16, 48, 63, 513, 1100, 4096, 5000, 9001])
def test_bits_follow_from_the_row_alone(kind, dtype, length):
    rows = torch.randn(3, 37, length).to(dtype)
    base = all_orders(kind, rows, -1)
    for name, layout in LAYOUTS.items():
        x = layout(rows)
        assert torch.equal(x, rows), name
        for a, b in zip(all_orders(kind, x, -1), base, strict=True):
            assert torch.equal(a, b), name
    for a, b in zip(all_orders(kind, rows.permute(1, 2, 0).contiguous(), 1), base, strict=True):
        assert torch.equal(a.permute(2, 0, 1), b)
    # Along the first and the middle dim, alone, and among fewer rows.
    for dim in (0, 1):
        for a, b in zip(all_orders(kind, rows.movedim(-1, dim).contiguous(), dim), base, strict=True):
            assert torch.equal(a.movedim(dim, -1), b), dim
    for part in (rows[1:2, 5:6], rows[:, 3:12], rows[0]):
        among = [t[1:2, 5:6] if part.shape[0] == 1 else t[:, 3:12] if part.dim() == 3 else t[0] for t in base]
        for a, b in zip(all_orders(kind, part, -1), among, strict=True):
            assert torch.equal(a, b)
        for a, b in zip(all_orders(kind, part.movedim(-1, 0).contiguous(), 0), among, strict=True):
            assert torch.equal(a.movedim(0, -1), b)


@ALL
def test_threads(kind):
    x = torch.randn(300, 700)
    for dim in (0, 1):
        one = all_orders(kind, x, dim)
        torch.set_num_threads(2)
        try:
            two = all_orders(kind, x, dim)
        finally:
            torch.set_num_threads(1)
        for a, b in zip(one, two, strict=True):
            assert torch.equal(a, b)


def test_layouts_of_images(device):
    x = torch.randn(2, 5, 6, 7, device=device).to(memory_format=torch.channels_last).requires_grad_()
    y = SF.logsumexp(x, 1)
    torch.testing.assert_close(y, torch.logsumexp(x, 1))
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(g, torch.softmax(x, 1))
    row = torch.randn(1, 6, device=device).expand(4, 6)
    torch.testing.assert_close(SF.logsumexp(row, 0), row[0] + math.log(4))
    torch.testing.assert_close(gradient(lambda t: SF.logsumexp(t, 0), row), torch.full((4, 6), 0.25, device=device))
