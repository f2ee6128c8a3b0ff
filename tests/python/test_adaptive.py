# SPDX-License-Identifier: Apache-2.0
"""Modules around an activation, against their formulas in torch's own functions."""

import pytest
import smoothact
import torch
from torch.autograd import gradcheck

pytestmark = pytest.mark.skipif("acon_c" not in smoothact.catalogue, reason="the list is short")


def meta_acon(module, x):
    mean = x.flatten(2).mean(2) if x.dim() > 2 else x
    beta = torch.sigmoid(module.bn2(module.fc2(module.bn1(module.fc1(mean)))))
    shape = (1, -1, *[1] * (x.dim() - 2))
    beta = beta.view(*beta.shape, *[1] * (x.dim() - 2))
    p1, p2 = module.p1.view(shape), module.p2.view(shape)
    return (p1 - p2) * x * torch.sigmoid(beta * (p1 - p2) * x) + p2 * x


@pytest.mark.parametrize("shape", [(4, 20, 3, 5), (4, 20, 7), (4, 20)])
@pytest.mark.parametrize("training", [False, True])
def test_meta_acon(shape, training, device):
    module = smoothact.nn.MetaACON(20, reduction=4, device=device, dtype=torch.float64).train(training)
    with torch.no_grad():
        module.p1.uniform_(0.5, 1.5)
        module.p2.uniform_(-0.5, 0.5)
    x = torch.randn(shape, dtype=torch.float64, device=device, requires_grad=True)
    y, expected = module(x), meta_acon(module, x)
    torch.testing.assert_close(y, expected)
    grad, wanted = torch.randn_like(x), [x, *module.parameters()]
    for a, b in zip(torch.autograd.grad(y, wanted, grad), torch.autograd.grad(expected, wanted, grad), strict=True):
        torch.testing.assert_close(a, b)


def test_meta_acon_of_channels_last_and_low_precision(device):
    module = smoothact.nn.MetaACON(8, device=device, dtype=torch.bfloat16).eval()
    assert module.fc1.out_features == 16  # not fewer
    x = torch.randn(2, 8, 4, 4, device=device, dtype=torch.bfloat16)
    y = module(x)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(module(x.to(memory_format=torch.channels_last)), y)
    assert repr(module).startswith("MetaACON(\n  num_parameters=8, reduction=16\n")


@pytest.mark.parametrize("channels", [1, 5])
def test_taaf(channels, device):
    module = smoothact.nn.TAAF(smoothact.nn.Mish(), channels, dim=-1, device=device, dtype=torch.float64)
    x = torch.randn(3, 5, dtype=torch.float64, device=device, requires_grad=True)
    torch.testing.assert_close(module(x), torch.nn.functional.mish(x))
    with torch.no_grad():
        for p in module.parameters():
            p.uniform_(0.5, 2)
    p = dict(module.named_parameters())
    expected = p["alpha"] * torch.nn.functional.mish(p["beta"] * x + p["gamma"]) + p["delta"]
    torch.testing.assert_close(module(x), expected)

    def called(x, *values):
        return torch.func.functional_call(module, dict(zip(p, values, strict=True)), x)

    assert gradcheck(called, [x, *p.values()])


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("MetaACON: num_parameters and reduction must be at least 1, got 0 and 16", lambda: smoothact.nn.MetaACON(0)),
        (r"MetaACON: expected an input with 3 channels along dim 1, got shape \(2, 4\)",
         lambda: smoothact.nn.MetaACON(3)(torch.ones(2, 4))),
        ("TAAF: activation must be a module, got str", lambda: smoothact.nn.TAAF("mish")),
        ("TAAF: num_parameters must be at least 1, got 0", lambda: smoothact.nn.TAAF(torch.nn.ReLU(), 0)),
        (r"TAAF: expected an input with 3 channels along dim 1, got shape \(2, 4\)",
         lambda: smoothact.nn.TAAF(torch.nn.ReLU(), 3)(torch.ones(2, 4))),
    ],
)  # fmt: skip
def test_errors(message, call):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
