# SPDX-License-Identifier: Apache-2.0
"""The stochastic ReLU: samples against their definition and their mean, the mean against quadrature."""

import math

import mpmath
import pytest
import smoothact
import smoothact.functional as SF
import torch
from torch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.skipif("gaussian_relu" not in smoothact.catalogue, reason="the list is short")

DEVIATIONS = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "sqrt_sigmoid": lambda x: mpmath.sqrt(1 / (1 + mpmath.exp(-x))),
    0.5: lambda x: mpmath.mpf(0.5),
    3: lambda x: mpmath.mpf(3),
}
ALL = pytest.mark.parametrize("std", list(DEVIATIONS))
POINTS = [-30.0, -8.5, -3.0, -1.0, -0.1, 0.0, 0.2, 1.0, 2.5, 9.0, 300.0]


def exact_mean(x, std):
    """The definition, an integral over the noise."""
    with mpmath.workdps(40):
        x = mpmath.mpf(x)
        s = DEVIATIONS[std](x)
        start = -x / s
        panels = [start + k / (1 + abs(start)) for k in (*range(0, 33, 2), 64, 128)]
        if start < 0:
            panels = [max(start, -30), *range(max(int(start) + 1, -29), 31)]
        scale = mpmath.npdf(max(start, 0))  # quad's goal is an absolute error
        return scale * mpmath.quad(lambda z: (x + s * z) * mpmath.npdf(z) / scale, panels)


@ALL
def test_evaluation_is_the_mean(std, device):
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        x = torch.tensor(POINTS, dtype=dtype, device=device)
        y = SF.noisy_relu(x, std)
        assert y.dtype == dtype
        expected = torch.tensor([float(exact_mean(v, std)) for v in x.tolist()], dtype=torch.float64)
        rtol = 1e-11 if dtype == torch.float64 else torch.finfo(dtype).eps
        torch.testing.assert_close(y.cpu().double(), expected, rtol=rtol, atol=float(torch.finfo(dtype).tiny))


@ALL
@pytest.mark.parametrize("training", [False, True])
def test_limits(std, training, device):
    x = torch.tensor([-math.inf, -1e30, 1e30, math.inf, math.nan], device=device, requires_grad=True)
    y = SF.noisy_relu(x, std, training)
    (grad,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(y.detach().cpu(), torch.tensor([0, 0, 1e30, math.inf, math.nan]), equal_nan=True)
    assert grad[:4].tolist() == [0, 0, 1, 1]


@ALL
def test_a_sample_is_its_definition(std, device):
    x = torch.linspace(-4, 4, 101, dtype=torch.float64, device=device)
    torch.manual_seed(5)
    noise = torch.randn(x.shape, dtype=x.dtype, device=device)
    s = std if not isinstance(std, str) else torch.sigmoid(x) if std == "sigmoid" else torch.sigmoid(x).sqrt()
    torch.manual_seed(5)
    torch.testing.assert_close(SF.noisy_relu(x, std, True), torch.relu(x + s * noise), rtol=1e-14, atol=0)


@ALL
def test_samples_have_the_mean(std, device):
    x = torch.tensor([-1.0, 0.0, 0.7], device=device).expand(200_000, 3)
    y = SF.noisy_relu(x, std, True).double()
    error = y.std(0) / math.sqrt(len(y))
    assert ((y.mean(0) - SF.noisy_relu(x[:1].double(), std)[0]).abs() < 5 * error).all()


@ALL
@pytest.mark.parametrize("training", [False, True])
def test_gradcheck(std, training, device):
    def sampled(x):
        torch.manual_seed(7)
        return SF.noisy_relu(x, std, training)

    x = torch.linspace(-2, 2, 12, dtype=torch.float64, device=device, requires_grad=True)
    assert gradcheck(sampled, x, check_forward_ad=True)
    assert gradgradcheck(sampled, x)


def test_generators(device):
    x = torch.randn(64, device=device)
    draw = lambda seed: SF.noisy_relu(x, training=True, generator=torch.Generator(device).manual_seed(seed))  # noqa: E731
    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    state_of = torch.cuda.get_rng_state if device == "cuda" else torch.random.get_rng_state
    state = state_of()
    draw(1)
    assert torch.equal(state, state_of())  # the default one is left alone


def test_module(device):
    module = smoothact.nn.NoisyReLU(0.5)
    x = torch.randn(100, device=device)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), SF.gaussian_relu(x, 0.5))
    assert repr(module) == "NoisyReLU(std=0.5)"
    assert torch.equal(SF.noisy_relu(x, 0), torch.relu(x))


def test_transforms(device):
    x = torch.randn(5, 7, device=device)
    compiled = torch.compile(lambda t: SF.noisy_relu(t, "sigmoid"), fullgraph=True)
    torch.testing.assert_close(compiled(x), SF.noisy_relu(x))
    sampled = torch.compile(lambda t: SF.noisy_relu(t, 0.1, True), fullgraph=True)(x)
    assert (sampled - torch.relu(x)).abs().max() < 1
    alike = torch.func.vmap(lambda t: SF.noisy_relu(t, 0.1, True), randomness="same")(torch.ones(4, 3, device=device))
    assert torch.equal(alike[0], alike[1])
    torch.testing.assert_close(torch.func.vmap(SF.noisy_relu)(x), SF.noisy_relu(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_graph_draws_anew():
    x = torch.zeros(4096, device="cuda")
    graph = torch.cuda.CUDAGraph()
    SF.noisy_relu(x, 1.0, True)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        y = SF.noisy_relu(x, 1.0, True)
    draws = []
    for _ in range(2):
        graph.replay()
        draws.append(y.clone())
    assert not torch.equal(*draws)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, "noisy_relu: std must be a number, 'sigmoid' or 'sqrt_sigmoid', got 'relu'",
         lambda: SF.noisy_relu(torch.ones(2), "relu")),
        (ValueError, "noisy_relu: std must be non-negative and finite, got -1",
         lambda: SF.noisy_relu(torch.ones(2), -1)),
        (ValueError, "NoisyReLU: std must be non-negative and finite, got nan",
         lambda: smoothact.nn.NoisyReLU(math.nan)),
        (TypeError, r"noisy_relu\(\): argument 'std' must be float or str, not Tensor",
         lambda: SF.noisy_relu(torch.ones(2), torch.ones(2))),
        (ValueError, "noisy_relu: std must be 0 or from 1e-30 to 1e15, got 1e-40",
         lambda: SF.noisy_relu(torch.ones(2), 1e-40)),
        (TypeError, r"noisy_relu\(\): argument 'generator' must be torch.Generator, not int",
         lambda: SF.noisy_relu(torch.ones(2), generator=3)),
        (NotImplementedError, "noisy_relu: not implemented for layout torch.sparse_coo",
         lambda: SF.noisy_relu(torch.ones(2).to_sparse())),
        (TypeError, r"noisy_relu\(\): argument 'input' must be Tensor, not list", lambda: SF.noisy_relu([1.0])),
        (NotImplementedError, r"noisy_relu: not implemented for dtype torch.int64",
         lambda: SF.noisy_relu(torch.ones(2).long())),
    ],
)  # fmt: skip
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call()
