# SPDX-License-Identifier: Apache-2.0
"""Gates under autograd to third order, forward AD, vmap, compilers and opcheck."""

import pytest
import smoothact
import torch
from smoothact import functional as SF
from support import CASES, DEFAULTS
from test_gated import LAYOUTS, OPS, halves, pack, pair, values
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.func import grad as func_grad

POINTS = [-2.1, -0.7, 0.23, 1.9]
# One activation with a parameter and one without stand for all where the activation plays no part.
FEW = [c for c in DEFAULTS if c.name in ("silu", "swish", "gelu")] or DEFAULTS[:2]


def sample(device, *shape):
    return torch.randn(*shape, dtype=torch.float64, device=device, requires_grad=True)


def inputs(device):
    gate = torch.tensor(POINTS, dtype=torch.float64, device=device).reshape(2, 2).requires_grad_()
    return gate, sample(device, 2, 2)


def packed(case, layout="gate_first", dim=-1, **more):
    return lambda x: OPS.gated_packed(x, dim, layout, case.name, values(case), **more)


@pytest.mark.parametrize("case", CASES)
def test_gradcheck(case, device):
    checks = {"check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}
    gate, up = inputs(device)
    assert gradcheck(lambda g, u: pair(case, g, u), (gate, up), **checks)
    x = pack(gate, up, "interleaved", -1).detach().requires_grad_()
    assert gradcheck(packed(case, "interleaved"), (x,), **checks)


@pytest.mark.parametrize("case", CASES)
def test_gradgradcheck(case, device):
    checks = {"check_fwd_over_rev": True, "check_rev_over_rev": True, "check_batched_grad": True}
    gate, up = inputs(device)
    assert gradgradcheck(lambda g, u: pair(case, g, u), (gate, up), **checks)
    for needed in ((gate, up.detach()), (gate.detach(), up)):  # the halves of a backward
        assert gradgradcheck(lambda g, u: pair(case, g, u), needed, **checks)
    x = pack(gate, up, "up_first", 0).detach().requires_grad_()
    assert gradgradcheck(packed(case, "up_first", 0), (x,), **checks)


@pytest.mark.parametrize("limit", [None, 1.5])
@pytest.mark.parametrize("case", FEW)
def test_every_op_alone(case, limit, device):
    gate, up = inputs(device)
    g, v, w = (sample(device, 2, 2) for _ in range(3))
    more = (case.name, values(case), limit, 0.25)
    checks = {"check_forward_ad": True, "check_batched_grad": True}
    assert gradcheck(lambda *t: OPS.gated(*t, *more), (gate, up), **checks)
    assert gradcheck(lambda *t: OPS.gated_backward(*t, *more), (g, gate, up), **checks)
    assert gradcheck(lambda *t: OPS.gated_jvp(*t, *more), (v, w, gate, up), **checks)
    assert gradcheck(lambda v, *t: OPS.gated_jvp(v, None, *t, *more), (v, gate, up), **checks)
    assert gradcheck(lambda w, *t: OPS.gated_jvp(None, w, *t, *more), (w, gate, up), **checks)
    assert gradcheck(lambda *t: OPS.gated_double_backward(*t, *more), (v, w, g, gate, up), **checks)
    assert gradcheck(lambda v, *t: OPS.gated_double_backward(v, None, *t, *more), (v, g, gate, up), **checks)
    for layout in LAYOUTS:
        x, h = (pack(a, b, layout, 0).detach().requires_grad_() for a, b in ((gate, up), (v, w)))
        where = (0, layout)
        assert gradcheck(lambda *t: OPS.gated_packed_backward(*t, *where, *more), (g, x), **checks)  # noqa: B023
        assert gradcheck(lambda *t: OPS.gated_packed_double_backward(*t, *where, *more), (h, g, x), **checks)  # noqa: B023


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.descriptor.smoothness >= 3])
def test_third_order(case, device):
    """What the elementwise op times up has for its third derivatives."""

    def third(function):
        torch.manual_seed(1)
        gate, up = inputs(device)
        first = grad(function(gate, up).sin().sum(), (gate, up), create_graph=True)
        second = grad(sum((t * torch.randn_like(t)).sum() for t in first), (gate, up), create_graph=True)
        return grad(sum((t * torch.randn_like(t)).sum() for t in second), (gate, up))

    ours = third(lambda g, u: pair(case, g, u))
    expected = third(lambda g, u: case(g) * u)
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("case", DEFAULTS)
def test_transforms(case, device):
    gate, up = (sample(device, 5).detach() for _ in range(2))

    def f(g, u):
        return pair(case, g, u)

    slope = case.derivative(gate, 1) * up
    for jacobian in (jacrev, jacfwd):
        d_gate, d_up = jacobian(f, (0, 1))(gate, up)
        torch.testing.assert_close(d_gate, slope.diag())
        torch.testing.assert_close(d_up, case(gate).diag())
    (gg, gu), (ug, uu) = hessian(lambda g, u: f(g, u).sum(), (0, 1))(gate, up)
    torch.testing.assert_close(gg, (case.derivative(gate, 2) * up).diag())
    torch.testing.assert_close(gu, case.derivative(gate, 1).diag())
    assert torch.equal(gu, ug) and not uu.any()
    t, v = sample(device, 5).detach(), sample(device, 5).detach()
    y, tangent = jvp(f, (gate, up), (t, v))
    assert torch.equal(y, f(gate, up))
    assert torch.equal(tangent, OPS.gated_jvp(t, v, gate, up, case.name, values(case)))
    _, pull = vjp(f, gate, up)
    assert all(map(torch.equal, pull(t), OPS.gated_backward(t, gate, up, case.name, values(case))))


@pytest.mark.parametrize("dims", [(0, 0), (0, None), (None, 0), (1, 0), (0, 1)])
@pytest.mark.parametrize("case", FEW)
def test_vmap_equals_a_loop(case, dims, device):
    shapes = {None: (4,), 0: (3, 4), 1: (4, 3)}
    gate, up = (sample(device, *shapes[d]).detach() for d in dims)
    rows = [[t if d is None else t.select(d, i) for t, d in zip((gate, up), dims, strict=True)] for i in range(3)]
    assert torch.equal(
        vmap(lambda g, u: pair(case, g, u), in_dims=dims)(gate, up), torch.stack([pair(case, *r) for r in rows])
    )

    def both(g, u):
        return func_grad(lambda g, u: pair(case, g, u).square().sum(), (0, 1))(g, u)

    for a, b in zip(vmap(both, in_dims=dims)(gate, up), zip(*(both(*r) for r in rows), strict=True), strict=True):
        assert torch.equal(a, torch.stack(b))


@pytest.mark.parametrize("in_dim", [0, 1, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", FEW)
def test_vmap_of_packed(case, layout, in_dim, device):
    x = sample(device, 4, 6, 8).detach()
    for dim in (0, 1, -1, -2):
        f = packed(case, layout, dim)
        assert torch.equal(vmap(f, in_dim)(x), torch.stack([f(v) for v in x.unbind(in_dim)]))
        g = torch.randn_like(f(x.select(in_dim, 0)))

        def backward(g, v):
            return OPS.gated_packed_backward(g, v, dim, layout, case.name, values(case))  # noqa: B023

        expected = torch.stack([backward(g, v) for v in x.unbind(in_dim)])
        assert torch.equal(vmap(backward, (None, in_dim))(g, x), expected)
        assert torch.equal(vmap(backward, (0, None))(g[None], x.select(in_dim, 0))[0], expected[0])
    assert vmap(vmap(packed(case, layout, 0)))(x).shape == (4, 6, 4)
    with pytest.raises(IndexError, match="out of range"):
        vmap(packed(case, layout, 2))(x)


def test_per_sample_gradients(device):
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 8), smoothact.nn.GLU(activation=FEW[0].name), torch.nn.Linear(4, 1)
    ).to(device, torch.float64)
    weights = dict(net.named_parameters())
    x = sample(device, 6, 4).detach()

    def loss(weights, row):
        return functional_call(net, weights, (row,)).pow(2).sum()

    batched = vmap(func_grad(loss), in_dims=(None, 0))(weights, x)
    for i, row in enumerate(x):
        alone = grad(loss(weights, row), list(weights.values()))
        for name, value in zip(weights, alone, strict=True):
            torch.testing.assert_close(batched[name][i], value)


def test_graph_only_where_wanted(device):
    gate, up = inputs(device)
    case = FEW[0]
    with torch.no_grad():
        assert not pair(case, gate, up).requires_grad
    with torch.inference_mode():
        assert pair(case, gate, up).is_inference()
    y = pair(case, gate, up).sum()
    y.backward(retain_graph=True)
    once = gate.grad.clone()
    y.backward()
    assert torch.equal(gate.grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def neighbours(x, gate, up):
    a = SF.gated(x, activation=FEW[0].name)
    b = SF.gated(x, activation=FEW[-1].name, layout="interleaved", dim=0)
    return a.sum() + b.exp().sum() + (SF.gated(gate * 2, up, activation=FEW[0].name) + 1).sum()


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
@pytest.mark.parametrize("dynamic", [False, True])
def test_compile(backend, dynamic, device):
    torch.compiler.reset()  # every backend counts towards one limit of recompilations
    compiled = torch.compile(neighbours, fullgraph=True, backend=backend, dynamic=dynamic)
    for size in (4, 6):
        tensors = [sample(device, size, 8), sample(device, 3, size), sample(device, 3, 1)]
        got, expected = (f(*tensors) for f in (compiled, neighbours))
        torch.testing.assert_close(got, expected)
        for a, b in zip(grad(got, tensors), grad(expected, tensors), strict=True):
            torch.testing.assert_close(a, b)


def test_compiled_autograd(device):
    compiler = torch.compile(backend="aot_eager", fullgraph=True, dynamic=True)
    for size in (4, 6, 8):
        tensors = [sample(device, size, 8), sample(device, 3, size), sample(device, 3, 1)]

        def step():
            a = grad(neighbours(*tensors), tensors, create_graph=True)  # noqa: B023
            return sum(t.sin().sum() for t in a)

        expected = grad(step(), tensors)
        y = step()
        with torch._dynamo.compiled_autograd._enable(compiler):
            for t in tensors:
                t.grad = None
            y.backward()
        for t, e in zip(tensors, expected, strict=True):
            torch.testing.assert_close(t.grad, e)


def test_export(device):
    class Net(torch.nn.Module):
        def forward(self, x):
            return SF.swiglu_clamped(x) if "swish" in smoothact.catalogue else SF.gated(x, activation=FEW[0].name)

    x = sample(device, 4, 6).detach()
    program = torch.export.export(Net(), (x,), dynamic_shapes=({0: torch.export.Dim("n")},))
    assert "smoothact.gated_packed" in str(program.graph)
    longer = torch.cat([x, x])
    assert torch.equal(program.module()(longer), Net()(longer))


def gate_ops():
    """But for those with biases: see test_biased."""
    names = torch._C._dispatch_get_all_op_names()
    gates = [n.removeprefix("smoothact::") for n in names if n.startswith("smoothact::gated")]
    return sorted(n for n in gates if "biased" not in n)


@pytest.mark.parametrize("name", gate_ops())
def test_opcheck(name, device):
    op = getattr(OPS, name).default
    for layout in LAYOUTS if "packed" in name else LAYOUTS[:1]:
        for absent in [None, "v_gate", "v_up"] if "v_gate" in str(op._schema) else [None]:
            arguments = []
            for a in op._schema.arguments:
                if a.name == absent:
                    arguments.append(None)
                elif a.name in ("self", "grad_grad"):
                    arguments.append(torch.randn(3, 4, 5, device=device, requires_grad=True))
                elif "Tensor" in str(a.type):
                    arguments.append(torch.randn(3, 2, 5, device=device, requires_grad=True))
                elif a.name in ("dim", "layout", "activation"):
                    arguments.append({"dim": 1, "layout": layout, "activation": FEW[0].name}[a.name])
            torch.library.opcheck(op, tuple(arguments))


def test_ops_are_complete():
    assert set(gate_ops()) == {
        *("gated", "gated_backward", "gated_jvp", "gated_double_backward"),
        *("gated_packed", "gated_packed_backward", "gated_packed_double_backward"),
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_is_a_pair_of_its_halves(layout, device):
    case, x = FEW[0], sample(device, 4, 6)
    for dim in (0, 1):
        ours, theirs = packed(case, layout, dim)(x), pair(case, *halves(x, layout, dim))
        assert torch.equal(ours, theirs)
        assert torch.equal(grad(ours.sum(), x)[0], grad(theirs.sum(), x)[0])


def test_parameters_that_vary_when_compiled(device):
    x = torch.randn(3, 8, dtype=torch.float64, device=device)
    torch.compiler.reset()
    compiled = torch.compile(
        lambda x, beta: SF.gated(x, activation="swish", beta=beta), backend="aot_eager", fullgraph=True, dynamic=True
    )
    for beta in (0.5, 0.7, 2.0):
        torch.testing.assert_close(compiled(x, beta), SF.gated(x, activation="swish", beta=beta))
    module = smoothact.nn.GLU(activation="swish", beta=0.3)
    torch.testing.assert_close(torch.compile(module, backend="aot_eager", dynamic=True)(x), module(x))
