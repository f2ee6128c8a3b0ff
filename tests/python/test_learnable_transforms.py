# SPDX-License-Identifier: Apache-2.0
"""Tensors for parameters under torch's transforms and compiler, at other dims, and what is refused."""

import pytest
import smoothact
import smoothact.functional as SF
import torch
from test_learnable import LEARNABLE, each, parameters, sample, values
from torch.func import functional_call, grad, jacfwd, jacrev, vmap

KINDS = list({d.kind: d for d in reversed(LEARNABLE)}.values())


@each(LEARNABLE)
def test_vmap(descriptor, device):
    function = getattr(SF, descriptor.name)
    x, p = sample(device), parameters(descriptor, 3, device)
    expected = function(x, *p)
    none = [None] * len(p)
    by_x = vmap(lambda x, *p: function(x, *p, dim=0), in_dims=(0, *none))(x, *p)
    by_parameters = vmap(function, in_dims=(None, *[0] * len(p)), out_dims=1)(x[:, 0], *p)
    both = vmap(function, in_dims=(1, *[0] * len(p)), out_dims=1)(x, *p)
    torch.testing.assert_close(by_x, expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(both, expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(by_parameters[:, 1], function(x[:, 0], *[q[1] for q in p]), rtol=1e-12, atol=1e-15)


def test_vmap_of_gradients_over_parameters_alone(device):
    z, b, bias = (torch.randn(n, dtype=torch.float64, device=device) for n in (6, 3, 6))
    for by, function in (
        (z, lambda x, beta: SF.swish(x, beta, bias=bias, dim=0)),
        (bias, lambda bias, beta: SF.swish(z, beta, bias=bias, dim=0)),
        (z, lambda x, beta: SF.gated(x, bias, activation="swish", beta=beta)),
    ):
        slope = grad(lambda t, beta, f=function: f(t, beta).sum())
        mapped = vmap(slope, in_dims=(None, 0))(by, b)
        torch.testing.assert_close(mapped, torch.stack([slope(by, beta) for beta in b]))


def test_no_two_gradients_are_one_tensor(device):
    x, bias = (torch.randn(5, dtype=torch.float64, device=device, requires_grad=True) for _ in range(2))
    y = SF.swish(x, torch.tensor(1.5, device=device), bias=bias, dim=0)
    by_x, by_bias = torch.autograd.grad(y.sum(), [x, bias], create_graph=True)
    assert by_x.data_ptr() != by_bias.data_ptr()


@each(KINDS)
def test_per_sample_gradients_and_jacobians(descriptor, device):
    function = getattr(SF, descriptor.name)
    x, p = sample(device).detach(), [q.detach() for q in parameters(descriptor, 3, device)]

    def loss(p, x):
        return function(x, *p, dim=0).square().sum()

    rows = vmap(grad(loss), in_dims=(None, 0))(p, x)
    for i, v in enumerate(x):
        for a, b in zip(rows, grad(loss)(p, v), strict=True):
            torch.testing.assert_close(a[i], b)
    for a, b in zip(jacfwd(loss)(p, x[0]), jacrev(loss)(p, x[0]), strict=True):
        torch.testing.assert_close(a, b)


@each(KINDS)
def test_compile(descriptor, device):
    module = getattr(smoothact.nn, descriptor.module)(learnable=True, num_parameters=3)
    x = sample(device, torch.float32)
    eager, compiled = module.to(device), torch.compile(module.to(device), fullgraph=True)
    results = []
    for call in (eager, compiled):
        y = call(x)
        results.append([y, *torch.autograd.grad(y.square().sum(), [x, *module.parameters()])])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("gate", ["none", "of two", "packed"])
@each(KINDS)
def test_opcheck(descriptor, gate, device):
    x, p = sample(device), parameters(descriptor, 3, device)
    up = torch.randn_like(x, requires_grad=True) if gate == "of two" else None
    options = {"layout": "interleaved"} if gate == "packed" else {}
    of = torch.cat([x, x], 1).detach().requires_grad_() if options else x
    torch.library.opcheck(getattr(torch.ops.smoothact, descriptor.name).Tensor, (of, *p, None, up), options)
    needed = [True] * (1 + len(p)) + [False, up is not None]
    backward = getattr(torch.ops.smoothact, f"{descriptor.name}_backward").Tensor
    torch.library.opcheck(backward, (torch.randn_like(x), of, *p, None, up, needed), {"dim": -2, **options})


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
def test_dim(dim, device):
    x = torch.randn(3, 3, 3, dtype=torch.float64, device=device)
    beta = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64, device=device)
    shape = [1, 1, 1]
    shape[dim] = 3
    b = beta.view(shape)
    assert torch.allclose(SF.swish(x, beta, dim=dim), x * torch.sigmoid(b * x))


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_layouts(shape, device):
    beta = torch.rand(shape, device=device) + 0.5
    x = torch.randn(2, 3, 4, 5, device=device)
    for y in (x.to(memory_format=torch.channels_last), x[..., ::2], x.transpose(0, 2).transpose(0, 2), x[:, :, :0]):
        assert torch.equal(SF.swish(y, beta), SF.swish(y.contiguous(), beta))
        assert SF.swish(y, beta).stride() == torch.empty_like(y).stride()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((3, 5, 7), 1), ((64, 8, 512), 1), ((700, 40), -1), ((9, 3, 33), 1), ((300, 3, 4), 1), ((5, 6000), 0)],
)
def test_shapes(shape, dim, dtype, device):
    """Sums over many blocks, against the textbook formula in double; their error beside the sum of magnitudes."""
    generator = torch.Generator().manual_seed(2)
    x, grad = (torch.randn(shape, generator=generator).to(device, dtype) for _ in range(2))
    beta = torch.rand(shape[dim], generator=generator).to(device) + 0.5
    places = range(len(shape))
    sliced = (slice(None, None, 2), ...) if dim else (..., slice(None, None, 2))  # not the channels
    for layout in (lambda t: t, lambda t: t.transpose(0, -1).contiguous().transpose(0, -1), lambda t: t[sliced]):
        for given in (beta, beta[:1], beta[0]):
            z, g, b = layout(x).requires_grad_(), layout(grad), given.clone().requires_grad_()
            y = SF.swish(z, b, dim=dim)
            ours = torch.autograd.grad(y, [z, b], g)
            wide, exact = z.detach().double().requires_grad_(), given.double().requires_grad_()
            sized = exact if exact.numel() == 1 else exact.view([-1 if i == dim % len(shape) else 1 for i in places])
            expected = wide * torch.sigmoid(sized * wide)
            (sizes,) = torch.autograd.grad(expected, exact, g.double().abs(), retain_graph=True)  # no term is negative
            theirs = torch.autograd.grad(expected, [wide, exact], g.double())
            eps = torch.finfo(dtype).eps
            torch.testing.assert_close(y.double(), expected, rtol=eps, atol=1e-7)
            torch.testing.assert_close(ours[0].double(), theirs[0], rtol=4 * eps, atol=max(3e-7, eps / 64))
            assert ((ours[1].double() - theirs[1]).abs() <= 1e-6 * sizes).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_parameter_gradients_do_not_depend_on_the_threads(threads, device):
    before = torch.get_num_threads()
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(64, 8, 512, generator=generator).to(device)
    beta = torch.ones(8, device=device, requires_grad=True)
    one = torch.ones((), device=device, requires_grad=True)
    try:
        results = []
        for count in (threads, 1):
            torch.set_num_threads(count)
            results.append([torch.autograd.grad(SF.swish(x, p).sum(), p)[0] for p in (beta, one)])
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    finally:
        torch.set_num_threads(before)


def test_a_number_beside_a_tensor(device):
    x = sample(device)
    alpha = torch.tensor(0.8, dtype=torch.float64, device=device, requires_grad=True)
    y = SF.xielu(x, alpha, 0.7, 0.5)
    assert torch.allclose(y, SF.xielu(x, 0.8, 0.7, 0.5), rtol=1e-14)
    assert torch.autograd.grad(y.sum(), alpha)[0].shape == ()


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"swish: expected beta to have the size of self along dim 1 \(3\), got 2",
         lambda x: SF.swish(x, torch.ones(2))),
        (ValueError, r"swish: expected beta to have no dimensions or one",
         lambda x: SF.swish(x, torch.ones(3, 3))),
        (IndexError, r"swish: beta has 3 channels along dim 1, but self has 1 dimension",
         lambda x: SF.swish(x[0, :, 0], torch.ones(3))),
        (IndexError, r"swish: beta has 3 channels along dim 5",
         lambda x: SF.swish(x, torch.ones(3), dim=5)),
        (TypeError, r"swish: expected beta to be of Float, Double, BFloat16 or Half",
         lambda x: SF.swish(x, torch.ones(3, dtype=torch.int))),
        (NotImplementedError, r"swish: not implemented for dtype Int",
         lambda x: SF.swish(x.int(), torch.ones(3))),
        (ValueError, r"swish_backward: expected grad to have the shape of self \(\[2, 3, 4\]\), got \[2, 3\]",
         lambda x: torch.ops.smoothact.swish_backward.Tensor(x[..., 0], x, torch.ones(3), None, None, [True] * 4)),
        (NotImplementedError, r"swish_backward: grad: not implemented for layout Sparse",
         lambda x: torch.ops.smoothact.swish_backward.Tensor(x.to_sparse(), x, torch.ones(3), None, None, [True] * 4)),
        (ValueError, r"learned_composite: expected needed to have 4 elements, got 9",
         lambda x: torch.ops.smoothact.swish_backward.Tensor.decompose(x, x, torch.ones(3), None, None, [True] * 9)),
        (RuntimeError, r"swish: expected beta to be on the device of self",
         lambda x: SF.swish(x, torch.ones(3, device="meta"))),
        (TypeError, r"leaky_relu\(\): inplace=True takes no bias, no fewbit, and no tensors",
         lambda x: SF.leaky_relu(x, torch.ones(3), inplace=True)),
    ],
)  # fmt: skip
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call(torch.randn(2, 3, 4))


@each(LEARNABLE)
def test_module(descriptor, device):
    make = getattr(smoothact.nn, descriptor.module)
    v = {p.name: w for p, w in zip(descriptor.parameters, values(descriptor), strict=True) if not p.optional}
    module = make(**v, learnable=True, num_parameters=3, dtype=torch.float64, device=device)
    x = sample(device)
    torch.testing.assert_close(module(x), make(**v)(x), rtol=1e-13, atol=1e-14)
    assert {n: p.shape for n, p in module.named_parameters()} == dict.fromkeys(v, (3,))
    for p in module.parameters():
        torch.nn.init.zeros_(p)
    module.reset_parameters()
    torch.testing.assert_close(module(x), make(**v)(x), rtol=1e-13, atol=1e-14)
    other = make(learnable=True, num_parameters=3, dtype=torch.float64, device=device)
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(x), module(x))
    stacked = functional_call(module, dict(module.named_parameters()), (x,))
    assert torch.equal(stacked, module(x))


def test_constraint(device):
    module = smoothact.nn.Softplus(2.0, learnable=True, constraint="softplus", dtype=torch.float64, device=device)
    assert list(dict(module.named_parameters())) == ["raw_beta"]
    assert torch.allclose(module.beta, module.beta.new_tensor(2.0))
    torch.nn.init.constant_(module.raw_beta, -3.0)
    assert module.beta > 0
    with pytest.raises(ValueError, match="Swish: beta must be greater than 0 to be a softplus, got -1"):
        smoothact.nn.Swish(-1.0, learnable=True, constraint="softplus")


def test_repr():
    module = smoothact.nn.XIELU(learnable=("alpha_p", "alpha_n"), constraint="softplus", num_parameters=8)
    assert repr(module) == (
        "XIELU(alpha_p=0.8, alpha_n=0.8, beta=0.5, learnable=('alpha_p', 'alpha_n'), num_parameters=8, dim=1,"
        " constraint='softplus')"
    )
    assert repr(smoothact.nn.Swish()) == "Swish(beta=1.0)"


@pytest.mark.parametrize(
    ("message", "make"),
    [
        ("ReLU: learnable must be among no parameters", lambda: smoothact.nn.ReLU(learnable=True)),
        ("Swish: learnable must be among beta, got 'alpha'", lambda: smoothact.nn.Swish(learnable="alpha")),
        ("Swish: num_parameters must be at least 1, got 0",
         lambda: smoothact.nn.Swish(learnable=True, num_parameters=0)),
        ("Swish: constraint must be 'softplus' or None", lambda: smoothact.nn.Swish(learnable=True, constraint="exp")),
    ],
)  # fmt: skip
def test_module_errors(message, make):
    with pytest.raises(ValueError, match=message):
        make()


def test_prelu_is_torchs(device):
    ours, theirs = smoothact.nn.PReLU(3).to(device), torch.nn.PReLU(3).to(device)
    x = torch.randn(2, 3, 4, device=device, requires_grad=True)
    results = [[y := m(x), *torch.autograd.grad(y.square().sum(), [x, *m.parameters()])] for m in (ours, theirs)]
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)
    ours.load_state_dict(theirs.state_dict())
    assert repr(ours) == repr(theirs) == "PReLU(num_parameters=3)"
    for weight in (ours.weight, torch.tensor([0.1], device=device)):
        torch.testing.assert_close(smoothact.functional.prelu(x, weight), torch.nn.functional.prelu(x, weight))
    with pytest.raises((ValueError, RuntimeError), match="negative_slope"):
        smoothact.functional.prelu(x, torch.ones(2, device=device))
