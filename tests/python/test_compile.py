# SPDX-License-Identifier: Apache-2.0
"""torch.compile: no graph break, dynamic shapes, one kernel each way when fused, the op itself when not."""

import math
import re

import pytest
import smoothact
import torch
import torch._functorch.config
from support import CASES, DEFAULTS, WIDE, default, grid
from test_values import COMPOSITE, check
from torch._dynamo.testing import CompileCounter
from torch._inductor import metrics
from torch._inductor.utils import run_and_get_code

MODES = ["fuse", "kernel"]


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients(mode, dtype, device):
    f = all_of(DEFAULTS)
    tolerance = {"rtol": 3e-2, "atol": 3e-1} if dtype == torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    with smoothact.compiling(mode):
        compiled = torch.compile(f, fullgraph=True, dynamic=True)
        for shape in ((33, 7), (5, 64), (1, 129)):
            x = torch.randn(shape, dtype=dtype, device=device) * 3
            (ours, gradient), (expected, reference) = run(compiled, x), run(f, x)
            for case, a, b in zip(DEFAULTS, ours, expected, strict=True):
                torch.testing.assert_close(a, b, **tolerance, msg=lambda m, case=case: f"{case}: {m}")
            if dtype != torch.bfloat16:  # the eager sum of 16-bit gradients is the coarser one
                torch.testing.assert_close(gradient, reference, **tolerance)


@pytest.mark.parametrize("dtype", WIDE, ids=str)
@pytest.mark.parametrize("order", range(3))
def test_fused_code_keeps_tails(order, dtype, device):
    """What Inductor makes of the formulas: its own exp and log1p, its own contraction."""
    x = grid("relu", dtype).to(device)
    compiled = torch.compile(lambda x: [case.derivative(x, order, "fuse") for case in DEFAULTS], fullgraph=True)
    for case, y in zip(DEFAULTS, compiled(x), strict=True):
        values = dict(zip(x.tolist(), y.tolist(), strict=True))

        def fused(points, k, values=values):
            return torch.tensor([values[p] for p in points.tolist()], dtype=dtype)

        unchecked = [k for k in range(3) if k != order]
        bounds = [math.inf if k in unchecked else COMPOSITE[k] for k in range(3)]
        check(case, dtype, device, fused, bounds, x)


@pytest.mark.parametrize("mode", MODES)
def test_parameters_arrive(mode, device):
    x = torch.randn(33, device=device) * 3
    with smoothact.compiling(mode):
        compiled = torch.compile(all_of(CASES), fullgraph=True, backend="aot_eager_decomp_partition")
        (ours, gradient), (expected, reference) = run(compiled, x), run(all_of(CASES), x)
    for case, a, b in zip(CASES, ours, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=lambda m, case=case: f"{case}: {m}")
    torch.testing.assert_close(gradient, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", DEFAULTS)
def test_fused_is_one_kernel_each_way(case, device):
    x = torch.randn(40, 30, device=device)
    with smoothact.compiling("fuse"):
        compiled = torch.compile(neighbours(case.functional), fullgraph=True)
        metrics.reset()
        (_, gradient), code = run_and_get_code(run, compiled, x)
    assert metrics.generated_kernel_count == 2
    assert not any("torch.ops.smoothact" in c for c in code)
    torch.testing.assert_close(gradient, run(neighbours(case), x)[1], rtol=1e-4, atol=1e-5)


def test_kernel_mode_calls_the_ops(device):
    x = torch.randn(40, 30, device=device)
    with smoothact.compiling("kernel"):
        _, code = run_and_get_code(run, torch.compile(all_of(DEFAULTS), fullgraph=True), x)
    called = set(re.findall(r"torch\.ops\.smoothact\.(\w+)\.default\(", "\n".join(code)))
    assert called == {name + suffix for name in smoothact.catalogue for suffix in ("", "_backward")}


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


@pytest.mark.parametrize("mode", MODES)
def test_modules_in_a_network(mode, device):
    layers = [layer for case in DEFAULTS for layer in (torch.nn.Linear(16, 16), case.module())]
    net = torch.nn.Sequential(*layers).to(device)
    x = torch.randn(8, 16, device=device)
    with smoothact.compiling(mode):
        compiled = torch.compile(net, fullgraph=True)
        loss, expected = compiled(x).square().sum(), net(x).square().sum()
        ours = torch.autograd.grad(loss, list(net.parameters()))
    for a, b in zip(ours, torch.autograd.grad(expected, list(net.parameters())), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_in_place(mode, device):
    inplace = [case for case in DEFAULTS if case.descriptor.inplace]

    def f(x):
        return [case.functional(x * 2, inplace=True) + 1 for case in inplace]

    def on_input(x):
        for case in inplace:
            case.functional(x, inplace=True)
        return x.sum()

    x = torch.randn(6, 5, device=device)
    with smoothact.compiling(mode):
        (ours, gradient), (expected, reference) = run(torch.compile(f, fullgraph=True), x), run(f, x)
        a, b = x.clone(), x.clone()
        torch.compile(on_input, fullgraph=True)(a), on_input(b)
    for y, z in zip(ours, expected, strict=True):
        torch.testing.assert_close(y, z)
    torch.testing.assert_close(gradient, reference)
    torch.testing.assert_close(a, b)


def test_compiled_autograd(device):
    x = torch.randn(6, 5, device=device)
    f = all_of(CASES)
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
def test_tails_survive_fusion(mode, device):
    """Where the textbook form has lost everything: far negative x, and infinities."""
    x = torch.tensor([-1e30, -200.0, -90.0, -12.0, -9.0, 12.0, 90.0, 1e30, float("inf"), -float("inf")], device=device)
    f = lambda x: [case.functional(x) for case in DEFAULTS]  # noqa: E731
    with smoothact.compiling(mode):
        ours = torch.compile(f, fullgraph=True)(x)
    for case, y in zip(DEFAULTS, ours, strict=True):
        torch.testing.assert_close(y, case(x), rtol=1e-4, atol=0, msg=lambda m, case=case: f"{case}: {m}")


def test_layouts(device):
    x = torch.randn(2, 8, 4, 4, device=device).contiguous(memory_format=torch.channels_last)
    for mode in MODES:
        with smoothact.compiling(mode):
            outputs, gradient = run(torch.compile(all_of(DEFAULTS), fullgraph=True), x)
        assert all(y.stride() == x.stride() for y in outputs)
        torch.testing.assert_close(gradient, run(all_of(DEFAULTS), x)[1], rtol=1e-4, atol=1e-5)
