# SPDX-License-Identifier: Apache-2.0
"""Activations that save a few bits, and nothing else: the result is exact, the gradient that of the table."""

import math
import pickle

import pytest
import smoothact
import torch
from smoothact import fewbit
from support import DTYPES, LAYOUTS, Case, default, dtype_name, one_of_each_kind
from torch.autograd import forward_ad
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

SF = smoothact.functional
KINDS = one_of_each_kind([default(name) for name in smoothact.catalogue])
MISH = default("mish")
OPS = torch.ops.smoothact


def few(case, x, bits=4, **options):
    return case.functional(x, fewbit=bits, **options)


def expected_gradient(case, x, grad, bits):
    """By the table, in the type that is computed in."""
    found = fewbit.table(case.name, bits, **case.set_parameters)
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    code = (x.double().unsqueeze(-1) > torch.tensor(found.boundaries, dtype=torch.float64)).sum(-1)
    return (grad.to(wide) * torch.tensor(found.levels, dtype=torch.float64).to(wide)[code.cpu()].to(x.device)).to(
        x.dtype
    )


def saved_by(f):
    packed = []
    with saved_tensors_hooks(lambda t: (packed.append(t), t)[1], lambda t: t):
        result = f()
    return packed, result


def gradient(y, x, grad, **options):
    return torch.autograd.grad(y, x, grad, **options)[0]


@pytest.mark.parametrize("bits", fewbit.BITS)
@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", KINDS)
def test_result_and_gradient(case, dtype, bits, device):
    for size in (0, 1, 7, 8, 9, 40_005):
        x = (torch.randn(size, device=device) * 2).to(dtype).requires_grad_()
        grad = torch.randn(size, device=device).to(dtype)
        y = few(case, x, bits)
        assert torch.equal(y, case(x)) and y.dtype == dtype
        assert torch.equal(gradient(y, x, grad), expected_gradient(case, x.detach().cpu(), grad.cpu(), bits).to(device))


@pytest.mark.parametrize("case", KINDS)
def test_gradient_is_within_the_bound(case, device):
    x = (torch.randn(10_000, dtype=torch.float64, device=device) * 3).requires_grad_()
    for bits in fewbit.BITS:
        bound = fewbit.table(case.name, bits).max_error
        difference = gradient(few(case, x, bits).sum(), x, None) - gradient(case(x).sum(), x, None)
        assert difference.abs().max() <= bound + 1e-12


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
def test_layouts(layout, dtype, device):
    base = torch.randn(12, 12, device=device).to(dtype)
    x = LAYOUTS[layout](base).detach().requires_grad_()
    for bits in fewbit.BITS:
        y, exact = few(MISH, x, bits), MISH(x)
        assert torch.equal(y, exact) and y.stride() == exact.stride()
        grad = torch.randn_like(y)
        for g in (grad, grad.contiguous(), torch.ones((), device=device, dtype=dtype).expand_as(y)):
            got = gradient(y, x, g, retain_graph=True)
            assert torch.equal(got, expected_gradient(MISH, x.detach().cpu(), g.cpu(), bits).to(device))


@pytest.mark.parametrize("bits", fewbit.BITS)
@pytest.mark.parametrize("case", KINDS)
def test_saves_the_codes_alone(case, bits, device):
    x = torch.randn(4, 50, device=device, requires_grad=True)
    for view in (x, x.t()):
        packed, y = saved_by(lambda view=view: few(case, view, bits))
        assert y.requires_grad
        assert sum(t.untyped_storage().nbytes() for t in packed) == 200 // 8 * bits
        with torch.no_grad():
            assert not saved_by(lambda view=view: few(case, view, bits))[0]


def test_special_inputs(device):
    x = torch.tensor([math.nan, math.inf, -math.inf, 0.0], device=device, requires_grad=True)
    y = few(MISH, x)
    assert torch.equal(y, MISH(x)) or torch.equal(y.isnan(), MISH(x).isnan())
    levels = fewbit.table("mish", 4).levels
    got = gradient(y.sum(), x, None).tolist()
    assert got[:3] == pytest.approx([levels[0], levels[-1], levels[0]])


def test_second_backward(device):
    x = torch.randn(9, device=device, requires_grad=True)
    y = few(MISH, x).sum()
    first = gradient(y, x, None, retain_graph=True)
    assert torch.equal(gradient(y, x, None), first)
    with pytest.raises(RuntimeError, match="second time"):
        gradient(y, x, None)


NO_SECOND = pytest.raises(NotImplementedError, match="smoothact::fewbit: second derivatives by the input")


def test_second_derivative_by_the_input_is_an_error(device):
    x = torch.randn(9, device=device, dtype=torch.float64, requires_grad=True)
    grad = torch.randn_like(x).requires_grad_()
    for g in (None, grad):
        y = few(MISH, x)
        (gx,) = torch.autograd.grad(y, x, torch.ones_like(y) if g is None else g, create_graph=True)
        with NO_SECOND:
            gx.sum().backward(retain_graph=True)
        with NO_SECOND:  # as of a gradient penalty, which has other paths to x
            (gx.square().sum() + y.sum()).backward()
    assert x.grad is None


def test_second_derivative_by_the_gradient(device):
    x = torch.randn(9, device=device, dtype=torch.float64, requires_grad=True)
    grad = torch.randn_like(x).requires_grad_()
    (gx,) = torch.autograd.grad(few(MISH, x), x, grad, create_graph=True)
    v = torch.randn_like(x)
    expected = expected_gradient(MISH, x.detach().cpu(), v.cpu(), 4).to(device)
    assert torch.equal(torch.autograd.grad(gx, grad, v)[0], expected)


def test_func_transforms(device):
    x = torch.randn(3, 9, device=device, dtype=torch.float64)

    def f(v):
        return few(MISH, v).sum()

    expected = expected_gradient(MISH, x.cpu(), torch.ones(3, 9, dtype=torch.float64), 4).to(device)
    assert torch.equal(torch.func.grad(f)(x), expected)
    assert torch.equal(torch.func.vjp(f, x)[1](torch.ones((), device=device, dtype=x.dtype))[0], expected)
    for second in (torch.func.grad(lambda v: torch.func.grad(f)(v).sum()), torch.func.hessian(f)):
        with NO_SECOND:
            second(x)
    with NO_SECOND:
        torch.func.jvp(torch.func.grad(f), (x,), (x,))


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_vmap(device):
    x = torch.randn(3, 9, device=device, dtype=torch.float64)
    assert torch.equal(torch.vmap(lambda v: few(MISH, v))(x), MISH(x))
    expected = expected_gradient(MISH, x.cpu(), torch.ones(3, 9, dtype=torch.float64), 4).to(device)
    assert torch.equal(torch.vmap(torch.func.grad(lambda v: few(MISH, v).sum()))(x), expected)
    jacobian = torch.func.jacrev(lambda v: few(MISH, v))(x[0])
    assert torch.equal(jacobian, torch.diag(expected[0]))


def test_forward_mode_is_exact(device):
    x, t = torch.randn(2, 9, device=device)
    with forward_ad.dual_level():
        y, tangent = forward_ad.unpack_dual(few(MISH, forward_ad.make_dual(x, t)))
    assert torch.equal(y, MISH(x)) and torch.equal(tangent, MISH.op(1)(t, x))


@pytest.mark.parametrize("case", [default("mish"), Case("swish", (0.7,)), default("gelu")], ids=str)
def test_compile(case, device):
    torch._dynamo.reset()
    x = torch.randn(5, 9, device=device, requires_grad=True)
    weight = torch.randn(9, 4, device=device)

    def f(v):
        return few(case, v * 2, 3) @ weight

    y, expected = torch.compile(f, fullgraph=True, backend="aot_eager")(x), f(x)
    assert torch.equal(y, expected)
    assert torch.equal(gradient(y.sum(), x, None), gradient(expected.sum(), x, None))


def test_compile_takes_numbers_for_variables(device):
    """With dynamic=True, and where a number changes from call to call, Dynamo makes it one."""
    torch._dynamo.reset()
    module = smoothact.nn.Swish(0.7, fewbit=3)
    calls = [
        (lambda v, b: module(v * b), {"dynamic": True}),
        (lambda v, b: SF.swish(v, b, fewbit=3), {"fullgraph": True}),
    ]
    for f, options in calls:
        compiled = torch.compile(f, backend="aot_eager", **options)
        for size, b in ((8, 0.5), (9, 0.6), (17, 0.75)):
            x = torch.randn(size, 3, device=device, requires_grad=True)
            assert torch.equal(gradient(compiled(x, b).sum(), x, None), gradient(f(x, b).sum(), x, None))


def test_compiled_autograd(device):
    x = torch.randn(9, device=device, requires_grad=True)
    with torch._dynamo.compiled_autograd._enable(torch.compile(backend="eager")):
        few(MISH, x).sum().backward()
    assert torch.equal(x.grad, gradient(few(MISH, x).sum(), x, None))


def test_export(device):
    x = torch.randn(9, device=device)
    for strict in (True, False):
        program = torch.export.export(smoothact.nn.Mish(fewbit=4), (x,), strict=strict)
        assert torch.equal(program.module()(x), MISH(x))


def test_compiled_saves_codes(device):
    torch._dynamo.reset()
    module = torch.compile(smoothact.nn.Mish(fewbit=2), fullgraph=True, backend="aot_eager")
    x = torch.randn(800, device=device, requires_grad=True)
    packed, _ = saved_by(lambda: module(x))
    assert sum(t.untyped_storage().nbytes() for t in packed) == 200


def test_bias(device):
    x = torch.randn(3, 5, 4, device=device, requires_grad=True)
    bias = torch.randn(5, device=device, requires_grad=True)
    y = few(MISH, x, bias=bias, dim=1)
    total = (x + bias[:, None]).detach()
    assert torch.equal(y, MISH(total))
    grad = torch.randn_like(y)
    by_x, by_bias = torch.autograd.grad(y, (x, bias), grad)
    expected = expected_gradient(MISH, total.cpu(), grad.cpu(), 4).to(device)
    assert torch.equal(by_x, expected)
    torch.testing.assert_close(by_bias, expected.sum((0, 2)))


def test_checkpointing(device):
    x = torch.randn(6, 5, device=device, requires_grad=True)
    module = smoothact.nn.Mish(fewbit=4)
    got = gradient(checkpoint(module, x * 2, use_reentrant=False).sum(), x, None)
    assert torch.equal(got, gradient(module(x * 2).sum(), x, None))


@pytest.mark.parametrize("name", ["GELU", "Softplus", "LeakyReLU"])
def test_modules(name):
    module = getattr(smoothact.nn, name)(fewbit=3)
    assert module.fewbit == 3 and "fewbit=3" in repr(module)
    x = torch.randn(9, requires_grad=True)
    expected = gradient(getattr(SF, module.descriptor.name)(x, fewbit=3).sum(), x, None)
    for twin in (module, pickle.loads(pickle.dumps(module)), eval(repr(module), vars(smoothact.nn))):
        assert torch.equal(gradient(twin(x).sum(), x, None), expected)
    assert "fewbit" not in repr(getattr(smoothact.nn, name)())
    assert smoothact.get(module.descriptor.name, fewbit=2).fewbit == 2
    assert smoothact.nn.GELU("tanh", fewbit=2)(x).requires_grad


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: SF.mish(x, fewbit=5), ValueError, "mish: fewbit must be 2, 3 or 4, got 5"),
        (lambda x: SF.mish(x, fewbit="4"), TypeError, r"mish\(\): argument 'fewbit' must be int or None, not str"),
        (lambda x: SF.mish(x, fewbit=True), TypeError, "must be int or None, not bool"),
        (lambda x: SF.mish([1.0], fewbit=2), TypeError, "argument 'input' must be Tensor, not list"),
        (lambda x: SF.mish(x.long(), fewbit=2), NotImplementedError, "not implemented for dtype Long"),
        (lambda x: SF.mish(x.to_sparse(), fewbit=2), NotImplementedError, "strided"),
        (
            lambda x: SF.swish(x, torch.ones(()), fewbit=2),
            TypeError,
            "fewbit takes numbers for parameters, got a Tensor",
        ),
        (lambda x: SF.swish(x, "1", fewbit=2), TypeError, "must be float or Tensor, not str"),
        (lambda x: SF.softplus(x, -1.0, fewbit=2), ValueError, "beta must be positive and finite, got -1"),
        (lambda x: SF.mish(x, inplace=True, fewbit=2), TypeError, "inplace=True takes no bias, no fewbit"),
        (lambda x: SF.gelu(x, approximate="no", fewbit=2), ValueError, "approximate must be one of"),
        (lambda x: smoothact.nn.Mish(fewbit=1), ValueError, "fewbit must be 2, 3 or 4, got 1"),
        (lambda x: smoothact.nn.Mish(inplace=True, fewbit=2), TypeError, "inplace=True takes no bias, no fewbit"),
        (lambda x: smoothact.nn.Swish(learnable=True, fewbit=2), TypeError, "none that are learnable"),
        (lambda x: smoothact.nn.GLU(activation=smoothact.nn.Mish(fewbit=2)), TypeError, "a gate has no fewbit"),
        (
            lambda x: OPS.fewbit_pack(x, [0.0, 1.0]),
            ValueError,
            "expected 3, 7 or 15 boundaries of 2, 3 or 4 bits, got 2",
        ),
        (lambda x: OPS.fewbit_pack(x, [0.0, 2.0, 1.0]), ValueError, "boundaries in ascending order"),
        (lambda x: OPS.fewbit_pack(x, [0.0, math.nan, 1.0]), ValueError, "boundaries in ascending order"),
        (lambda x: OPS.fewbit_backward(x, x.byte()[:1], x, [0.0] * 4), ValueError, r"codes of shape \[2\], got \[1\]"),
        (lambda x: OPS.fewbit_backward(x, x[:2], x, [0.0] * 4), TypeError, "codes of dtype Byte, got Float"),
        (lambda x: OPS.fewbit_backward(x, x.byte(), x, [0.0] * 5), ValueError, "expected 4, 8 or 16 levels"),
        (lambda x: OPS.fewbit(x, "none", [], [0.0] * 3, [0.0] * 4), ValueError, "no activation is named 'none'"),
        (lambda x: OPS.fewbit(x, "mish", [], [0.0] * 3, [0.0] * 3), ValueError, "one level more than boundaries"),
    ],
    ids=lambda v: None,
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(torch.randn(8))


def test_opcheck(device):
    boundaries, levels = [-1.0, 0.0, 1.0], [0.0, 0.3, 0.7, 1.0]
    x = torch.randn(3, 4, device=device, requires_grad=True)
    codes = OPS.fewbit_pack(x.detach(), boundaries)
    history = torch.empty(0, device=device)
    torch.library.opcheck(OPS.fewbit.default, (x, "mish", [], boundaries, levels))
    torch.library.opcheck(OPS.fewbit_pack.default, (x.detach(), boundaries))
    torch.library.opcheck(OPS.fewbit_backward.default, (x, codes, history, levels))
    torch.library.opcheck(OPS.fewbit_history.default, (x.detach(),))
