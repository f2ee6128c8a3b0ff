# SPDX-License-Identifier: Apache-2.0
"""torch.compile: no graph break, dynamic shapes, one kernel each way when fused, the op itself when not."""

import math
import re

import pytest
import smoothact
import torch
import torch._functorch.config
import torch._inductor.config
from support import CASES, DEFAULTS, WIDE, default, grid, one_of_each_kind, variations
from test_values import bounds, check
from torch._dynamo.testing import CompileCounter
from torch._inductor import metrics
from torch._inductor.async_compile import AsyncCompile
from torch._inductor.utils import run_and_get_code

MODES = ["fuse", "kernel"]
# Dynamo, autograd and our decompositions, without the code generator: for the whole list. What the generator makes of
# every formula is in test_fused_code_keeps_tails; how it treats them otherwise is seen on one of each kind.
TRACED = "aot_eager_decomp_partition"
FUSED = [case for case in DEFAULTS if not case.descriptor.two_terms]
KINDS = one_of_each_kind(FUSED)
BACKENDS = {"traced": (TRACED, DEFAULTS), "inductor": ("inductor", KINDS)}


def groups(cases, size):
    """For graphs of bounded size: the time of a compiler grows faster than its input."""
    pieces = [cases[i : i + size] for i in range(0, len(cases), size)]
    return [pytest.param(piece, id=f"{piece[0]}-{piece[-1]}") for piece in pieces]


@pytest.fixture(autouse=True)
def fresh():
    # The cache on disk is keyed by the op's name: it would hand out code of a formula since changed.
    with torch._functorch.config.patch(enable_autograd_cache=False):
        torch._dynamo.reset()
        yield
        torch._dynamo.reset()


def neighbours(call):
    return lambda x: (call(x + 1) * 2).sin()


def all_of(cases):
    nets = [neighbours(case.functional) for case in cases]
    return lambda x: [net(x) for net in nets]


def run(compiled, x):
    x = x.detach().requires_grad_()
    outputs = compiled(x)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return outputs, torch.autograd.grad(sum((y * (i + 1)).sum() for i, y in enumerate(outputs)), x)[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("backend", "dtype"),
    [("traced", torch.float32), *(("inductor", dtype) for dtype in (torch.float32, torch.float64, torch.bfloat16))],
)
def test_values_and_gradients(backend, dtype, mode, device):
    open_shapes = backend == "inductor"
    backend, cases = BACKENDS[backend]
    f = all_of(cases)
    tolerance = {"rtol": 3e-2, "atol": 3e-1} if dtype == torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    with smoothact.compiling(mode):
        compiled = torch.compile(f, fullgraph=True, dynamic=open_shapes, backend=backend)
        shapes = [(33, 7), (5, 64), (1, 129)]  # of one row there is a graph of its own
        for shape in shapes[: 1 if not open_shapes else 3 if dtype == torch.float32 else 2]:
            x = torch.randn(shape, dtype=dtype, device=device) * 3
            (ours, gradient), (expected, reference) = run(compiled, x), run(f, x)
            for case, a, b in zip(cases, ours, expected, strict=True):
                torch.testing.assert_close(a, b, **tolerance, msg=lambda m, case=case: f"{case}: {m}")
            if dtype != torch.bfloat16:  # the eager sum of 16-bit gradients is the coarser one
                torch.testing.assert_close(gradient, reference, **tolerance)


def fused_code(cases, orders, x):
    """By case and order, what Inductor makes of the formulas: its own exp and log1p, its own contraction."""
    keys = [(case, order) for case in cases for order in orders]
    f = lambda x: [case.derivative(x, order, "fuse") for case, order in keys]  # noqa: E731
    return dict(zip(keys, torch.compile(f, fullgraph=True, dynamic=False)(x), strict=True))


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("cases", groups(FUSED, 8))
def test_fused_code_keeps_tails(cases, dtype, device):
    x = torch.unique(torch.cat([grid(case.name, dtype) for case in cases]))
    ends = torch.tensor([-math.inf, math.inf, math.nan], dtype=dtype)
    orders = range(3)
    computed = fused_code(cases, orders, torch.cat([x, ends]).to(device))
    for case in cases:
        values = [dict(zip(x.tolist(), computed[case, k].tolist(), strict=False)) for k in orders]

        def fused(points, k, values=values):
            return torch.tensor([values[k][p] for p in points.tolist()], dtype=dtype)

        check(case, dtype, device, fused, bounds(case, "composite"))
        for k in orders:
            low, high, nan = computed[case, k][-3:].tolist()
            limits = [torch.tensor(case.limit(side, k), dtype=dtype).item() for side in (-1, 1)]
            assert [low, high] == pytest.approx(limits, rel=1e-6, abs=0), f"{case}, order {k}"
            assert math.isnan(nan), f"{case}, order {k}"


@pytest.mark.parametrize("cases", groups(FUSED, 8))
def test_fused_code_in_16_bits(cases, device):
    x = (torch.randn(512, device=device) * 4).bfloat16()
    for (case, order), y in fused_code(cases, range(2), x).items():
        expected = case.derivative(x, order)
        torch.testing.assert_close(y, expected, rtol=2**-7, atol=1e-6, msg=lambda m, case=case: f"{case}: {m}")


@pytest.mark.parametrize("cases", groups(CASES, 32))
@pytest.mark.parametrize("mode", MODES)
def test_parameters_arrive(mode, cases, device):
    x = torch.randn(33, device=device) * 3
    f = all_of(cases)
    with smoothact.compiling(mode):
        compiled = torch.compile(f, fullgraph=True, backend=TRACED)
        (ours, gradient), (expected, reference) = run(compiled, x), run(f, x)
    for case, a, b in zip(cases, ours, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=lambda m, case=case: f"{case}: {m}")
    torch.testing.assert_close(gradient, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", FUSED)
def test_fused_is_one_kernel_each_way(case, device, monkeypatch):
    if device == "cpu":  # the kernels are counted where they are written, none is run: g++ would take the time
        monkeypatch.setattr(AsyncCompile, "cpp_pybinding", lambda *_: lambda *_: None)
    x = torch.randn(40, 30, device=device)
    with smoothact.compiling("fuse"), torch._inductor.config.patch(fx_graph_cache=False):
        compiled = torch.compile(neighbours(case.functional), fullgraph=True)
        metrics.reset()
        _, code = run_and_get_code(run, compiled, x)
    assert metrics.generated_kernel_count == 2
    assert len(code) == 2 and not any("torch.ops.smoothact" in c for c in code)


@pytest.mark.parametrize(("mode", "cases"), [("kernel", DEFAULTS), ("fuse", [c for c in DEFAULTS if c not in FUSED])])
def test_what_stays_a_kernel(mode, cases, device):
    x = torch.randn(40, 30, device=device)
    with smoothact.compiling(mode):
        _, code = run_and_get_code(run, torch.compile(all_of(cases), fullgraph=True), x)
    called = set(re.findall(r"torch\.ops\.smoothact\.(\w+)\.default\(", "\n".join(code)))
    assert called == {case.name + suffix for case in cases for suffix in ("", "_backward")}


def test_switching_recompiles(device):
    graphs = []

    def backend(graph, inputs):
        graphs.append([str(node.target) for node in graph.graph.nodes if "smoothact" in str(node.target)])
        return graph

    compiled = torch.compile(default("mish").functional, backend=backend, fullgraph=True)
    x = torch.randn(8, device=device)
    with smoothact.compiling("kernel"):
        compiled(x)
        with smoothact.compiling("fuse"):
            compiled(x)
        compiled(x)  # the first graph is still there
    assert graphs == [["smoothact.mish.default"], ["smoothact.mish.fuse"]]
    with pytest.raises(ValueError, match="fuse"), smoothact.compiling("fused"):
        pass


def test_auto_is_the_default(device):
    counter = CompileCounter()
    compiled = torch.compile(default("mish").functional, backend=counter, fullgraph=True)
    x = torch.randn(8, device=device)
    compiled(x)
    with smoothact.compiling("auto"):
        compiled(x)
    assert counter.frame_count == 1


def test_dynamic_shapes_do_not_recompile(device):
    counter = CompileCounter()
    compiled = torch.compile(all_of(DEFAULTS), backend=counter, fullgraph=True, dynamic=True)
    for rows in (3, 17, 64, 1000):
        compiled(torch.randn(rows, 5, device=device))
    assert counter.frame_count == 1


class Branches(torch.nn.Module):
    """Side by side: in a chain, a hundred of them would leave nothing of the input."""

    def __init__(self, cases):
        super().__init__()
        self.branches = torch.nn.ModuleList(torch.nn.Sequential(torch.nn.Linear(16, 16), c.module()) for c in cases)

    def forward(self, x):
        return sum(branch(x).square().sum() for branch in self.branches)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_modules_in_a_network(backend, mode, device):
    backend, cases = BACKENDS[backend]
    net = Branches(cases).to(device)
    x = torch.randn(8, 16, device=device)
    with smoothact.compiling(mode):
        loss = torch.compile(net, fullgraph=True, backend=backend)(x)
        ours = torch.autograd.grad(loss, list(net.parameters()))
    for a, b in zip(ours, torch.autograd.grad(net(x), list(net.parameters())), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_in_place(backend, mode, device):
    backend, cases = BACKENDS[backend]
    inplace = [case for case in cases if case.descriptor.inplace]

    def f(x):
        return [case.functional(x * 2, inplace=True) + 1 for case in inplace]

    def on_input(x):
        for case in inplace:
            case.functional(x, inplace=True)
        return x.sum()

    x = torch.randn(6, 5, device=device)
    with smoothact.compiling(mode):
        compiled = torch.compile(f, fullgraph=True, backend=backend)
        (ours, gradient), (expected, reference) = run(compiled, x), run(f, x)
        a, b = x.clone(), x.clone()
        torch.compile(on_input, fullgraph=True, backend=backend)(a), on_input(b)
    for y, z in zip(ours, expected, strict=True):
        torch.testing.assert_close(y, z)
    torch.testing.assert_close(gradient, reference)
    torch.testing.assert_close(a, b)


def test_compiled_autograd(device):
    x = torch.randn(6, 5, device=device)
    f = all_of([*DEFAULTS, *(case for kind in KINDS for case in variations(kind.name)[1:])])
    expected = run(f, x)[1]
    compiler = torch.compile(backend="aot_eager", fullgraph=True, dynamic=True)
    for rows in (6, 3):
        part = x[:rows].clone().requires_grad_()
        total = sum((y * (i + 1)).sum() for i, y in enumerate(f(part)))
        with torch._dynamo.compiled_autograd._enable(compiler):
            total.backward()
        torch.testing.assert_close(part.grad, expected[:rows])


def test_compiled_autograd_through_compile(device):
    x = torch.randn(6, 5, device=device, requires_grad=True)
    case = default("mish")

    def step(x):
        y = case.functional(x * 3).sum()
        y.backward()
        return y

    with torch._dynamo.config.patch(compiled_autograd=True):
        torch.compile(step, backend="aot_eager")(x)
    torch.testing.assert_close(x.grad, 3 * case.derivative(3 * x.detach(), 1))


@pytest.mark.parametrize("mode", MODES)
def test_transforms_inside(mode, device):
    x = torch.randn(6, device=device)

    def f(x):
        return [torch.func.vmap(torch.func.grad(case.functional))(x) for case in DEFAULTS]

    with smoothact.compiling(mode):
        ours = torch.compile(f, fullgraph=True, backend="aot_eager")(x)
    for case, y in zip(DEFAULTS, ours, strict=True):
        torch.testing.assert_close(y, case.derivative(x, 1), msg=case.name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_layouts(backend, mode, device):
    backend, cases = BACKENDS[backend]
    x = torch.randn(2, 8, 4, 4, device=device).contiguous(memory_format=torch.channels_last)
    with smoothact.compiling(mode):
        outputs, gradient = run(torch.compile(all_of(cases), fullgraph=True, backend=backend), x)
    assert all(y.stride() == x.stride() for y in outputs)
    torch.testing.assert_close(gradient, run(all_of(cases), x)[1], rtol=1e-4, atol=1e-5)
