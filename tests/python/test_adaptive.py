# SPDX-License-Identifier: Apache-2.0
"""Modules around an activation, against their formulas in torch's own functions."""

import math

import mpmath
import pytest
import smoothact
import smoothact.functional as SF
import torch
from torch.autograd import gradcheck, gradgradcheck

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


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("degrees", [(5, 4), (3, 1), (3, 3)])
def test_pau_is_its_definition(degrees, dtype, device):
    points = [-3e4, -50.0, -3.0, -1.0, -0.3, 0.0, 0.7, 1.0, 1.5, 4.0, 6e4]
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(n, generator=generator, dtype=torch.float64).float() for n in (degrees[0] + 1, degrees[1]))
    x = torch.tensor(points, dtype=dtype, device=device)
    y = SF.pau(x, a.to(device), b.to(device)).cpu()
    assert y.dtype == dtype
    for v, computed in zip(x.tolist(), y.tolist(), strict=True):
        p = mpmath.fsum(c * mpmath.mpf(v) ** i for i, c in enumerate(a.tolist()))
        q = mpmath.fsum(c * mpmath.mpf(v) ** (i + 1) for i, c in enumerate(b.tolist()))
        exact = p / (1 + abs(q))
        size = mpmath.fsum(abs(c * mpmath.mpf(v) ** i) for i, c in enumerate(a.tolist())) / (1 + abs(q))
        rounding = 16 * torch.finfo(torch.float64 if dtype == torch.float64 else torch.float32).eps * size
        if abs(exact) < torch.finfo(dtype).max:
            assert abs(computed - exact) <= rounding + torch.finfo(dtype).eps * abs(exact)


STARTS = [("elu", 0.01), ("mish", 0.01), ("selu", 0.05), ("tanh", 1e-5), ("softplus", 1e-5), ("relu", 0.05)]


@pytest.mark.parametrize(("name", "error"), STARTS)
def test_pau_starts_as_an_activation(name, error):
    x = torch.linspace(-3, 3, 1234, dtype=torch.float64)
    module = smoothact.nn.PAU(name, dtype=torch.float64)
    torch.testing.assert_close(module(x), getattr(torch.nn.functional, name)(x), rtol=0, atol=error)


def test_pau(device):
    module = smoothact.nn.PAU("silu", device=device, dtype=torch.float64)
    x = torch.linspace(-3, 3, 50, dtype=torch.float64, device=device, requires_grad=True)
    torch.testing.assert_close(module(x), torch.nn.functional.silu(x), rtol=0, atol=1e-4)
    relu = smoothact.nn.PAU(device=device, dtype=torch.float64)
    torch.testing.assert_close(relu(x), torch.nn.functional.leaky_relu(x), rtol=0, atol=0.05)
    assert gradcheck(SF.pau, [x * 2, relu.numerator, relu.denominator], check_forward_ad=True)
    assert gradgradcheck(SF.pau, [x[::9], relu.numerator, relu.denominator])
    ends = torch.tensor([math.inf, -math.inf, math.nan, 1e300], dtype=torch.float64, device=device)
    slope = relu.numerator[5] / relu.denominator[3].abs()
    torch.testing.assert_close(relu(ends), ends * slope, equal_nan=True)
    compiled = torch.compile(SF.pau, fullgraph=True)(x, module.numerator, module.denominator)
    torch.testing.assert_close(compiled, module(x))
    assert repr(module) == "PAU(init='silu', degrees=(5, 4))"


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("MetaACON: num_parameters and reduction must be at least 1, got 0 and 16", lambda: smoothact.nn.MetaACON(0)),
        (r"MetaACON: expected an input with 3 channels along dim 1, got shape \(2, 4\)",
         lambda: smoothact.nn.MetaACON(3)(torch.ones(2, 4))),
        (r"PAU: degrees must be m, n with 1 <= n <= m, got \(4, 5\)", lambda: smoothact.nn.PAU(degrees=(4, 5))),
        ("no activation is named 'none'", lambda: smoothact.nn.PAU("none")),
        (r"pau: expected numerator and denominator of one dimension, .* got shapes \(2, 2\) and \(1,\)",
         lambda: SF.pau(torch.ones(2), torch.ones(2, 2), torch.ones(1))),
        ("TAAF: activation must be a module, got str", lambda: smoothact.nn.TAAF("mish")),
        ("TAAF: num_parameters must be at least 1, got 0", lambda: smoothact.nn.TAAF(torch.nn.ReLU(), 0)),
        (r"TAAF: expected an input with 3 channels along dim 1, got shape \(2, 4\)",
         lambda: smoothact.nn.TAAF(torch.nn.ReLU(), 3)(torch.ones(2, 4))),
    ],
)  # fmt: skip
def test_errors(message, call):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
