# SPDX-License-Identifier: Apache-2.0
"""Graph capture other than torch.compile: export, fake and meta tensors, FX, make_fx."""

import copy

import pytest
import smoothact
import torch
from support import CASES, DEFAULTS, DTYPES, dtype_name
from torch._subclasses import FakeTensorMode
from torch.export import Dim, export
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(case.module() for case in CASES)

    def forward(self, x):
        return [layer(x + 1) for layer in self.layers]


def targets(graph):
    return [str(node.target) for node in graph.nodes if node.op == "call_function"]


def ours(graph):
    return [t for t in targets(graph) if t.startswith("smoothact.")]


@pytest.mark.parametrize("decomposed", [False, True])
def test_export_keeps_the_ops(decomposed, device):
    net = Net().to(device)
    x = torch.randn(4, 6, device=device)
    program = export(net, (x,), dynamic_shapes=({0: Dim("rows"), 1: Dim("columns")},))
    if decomposed:
        program = program.run_decompositions()
    assert ours(program.graph) == [f"smoothact.{case.name}.default" for case in CASES]
    for shape in ((4, 6), (9, 2)):
        x = torch.randn(shape, device=device)
        for a, b in zip(program.module()(x), net(x), strict=True):
            assert torch.equal(a, b)


def test_export_saves_and_loads(tmp_path, device):
    net = Net().to(device)
    x = torch.randn(4, 6, device=device)
    torch.export.save(export(net, (x,)), tmp_path / "net.pt2")
    loaded = torch.export.load(tmp_path / "net.pt2").module()
    for a, b in zip(loaded(x), net(x), strict=True):
        assert torch.equal(a, b)


def test_fx_trace_of_modules(device):
    traced = torch.fx.symbolic_trace(Net().to(device))
    x = torch.randn(4, 6, device=device)
    for a, b in zip(copy.deepcopy(traced)(x), Net()(x), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("case", DEFAULTS)
def test_fx_trace_of_the_function(case, device):
    traced = torch.fx.symbolic_trace(lambda x: case.functional(x) + 1)
    x = torch.randn(5, device=device)
    assert torch.equal(traced(x), case(x) + 1)


@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_make_fx(mode, device):
    def f(x):
        return [torch.autograd.grad(case(x).sum(), x)[0] for case in DEFAULTS]

    x = torch.randn(4, 6, device=device, requires_grad=True)
    graph = make_fx(f, tracing_mode=mode)(x)
    assert {f"smoothact.{name}_backward.default" for name in smoothact.catalogue} <= set(ours(graph.graph))
    other = torch.randn(*((7, 3) if mode == "symbolic" else (4, 6)), device=device, requires_grad=True)
    for a, b in zip(graph(other), f(other), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_fake_tensors_with_symbolic_shapes(dtype, device):
    real = torch.randn(5, 8, 3, device=device).to(dtype).transpose(0, 2)
    repeated = real[:1].expand_as(real)
    with FakeTensorMode(shape_env=ShapeEnv()) as fake:
        x = fake.from_tensor(real, static_shapes=False)
        assert any(isinstance(s, torch.SymInt) for s in x.shape)
        for case in DEFAULTS:
            for order in range(3):
                y = case.derivative(x, order)
                assert y.dtype == dtype and y.shape == x.shape and y.stride() == x.stride() and y.device == x.device
            g = fake.from_tensor(repeated, static_shapes=False)
            assert case.op(1)(g, x, *case.values).shape == x.shape


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_meta_tensors(case, dtype):
    x = torch.empty(2**20, 2**20, dtype=dtype, device="meta", requires_grad=True)
    y = case.functional(x)
    assert y.is_meta and y.shape == x.shape and y.dtype == dtype
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, allow_unused=True)
    assert g.is_meta and g.shape == x.shape and (h is None or h.shape == x.shape)
    if case.descriptor.inplace:
        z = torch.empty(3, dtype=dtype, device="meta")
        assert case.functional(z, inplace=True) is z


def test_broadcasting_shapes_agree_with_meta():
    shapes = [((4, 1), (1, 5)), ((), (3,)), ((2, 3), (3,)), ((0, 3), (1, 3)), ((5,), ())]
    for g, x in shapes:
        for case in DEFAULTS[:3]:
            real = case.op(1)(torch.ones(g), torch.ones(x), *case.values)
            meta = case.op(1)(torch.ones(g, device="meta"), torch.ones(x, device="meta"), *case.values)
            assert real.shape == meta.shape and real.stride() == meta.stride()


@pytest.mark.filterwarnings("ignore:.*jit.*:DeprecationWarning")
def test_jit_trace(device):
    x = torch.randn(3, 4, device=device)
    net = Net().to(device)
    traced = torch.jit.trace(lambda x: tuple(net(x)), x)
    y = torch.randn(7, 2, device=device)
    for a, b in zip(traced(y), net(y), strict=True):
        assert torch.equal(a, b)
