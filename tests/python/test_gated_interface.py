# SPDX-License-Identifier: Apache-2.0
"""The functions and modules of gates: names, layouts, arguments, refusals."""

import inspect
import math
import pickle

import pytest
import smoothact
import torch
from smoothact import functional as SF
from support import DEFAULTS, default
from test_gated import LAYOUTS, OPS, halves, pack

# name: activation, module, default layout
NAMED = {
    "glu": ("sigmoid", "GLU", "up_first"),
    "bilinear": ("identity", "BilinearGLU", "gate_first"),
    "reglu": ("relu", "ReGLU", "gate_first"),
    "geglu": ("gelu", "GEGLU", "gate_first"),
    "geglu_tanh": ("gelu_tanh", "GEGLUTanh", "gate_first"),
    "swiglu": ("silu", "SwiGLU", "gate_first"),
    "mish_glu": ("mish", "MishGLU", "gate_first"),
    "seglu": ("selu", "SeGLU", "gate_first"),
}
BUILT = [name for name, (activation, *_) in NAMED.items() if activation in smoothact.catalogue]
NAME = DEFAULTS[0].name


@pytest.mark.parametrize("name", BUILT)
def test_named_gates(name, device):
    activation, module, layout = NAMED[name]
    function, case = getattr(SF, name), default(activation)
    x = torch.randn(4, 6, device=device)
    gate, up = halves(x, layout, -1)
    expected = OPS.gated(gate, up, activation)
    torch.testing.assert_close(expected, case(gate) * up)
    for other in LAYOUTS:
        for dim in (0, 1, -1):
            packed = pack(gate, up, other, dim)
            assert torch.equal(function(packed, layout=other, dim=dim), expected)
            assert torch.equal(SF.gated(packed, activation=activation, layout=other, dim=dim), expected)
            assert torch.equal(getattr(smoothact.nn, module)(dim, layout=other)(packed), expected)
    assert torch.equal(function(x), expected) and torch.equal(function(gate, up), expected)
    assert torch.equal(function(gate, up=up), expected)
    assert torch.equal(getattr(smoothact.nn, module)()(x), expected)
    assert torch.equal(getattr(smoothact.nn, module)(dim=1)(gate, up), expected)


@pytest.mark.parametrize("case", DEFAULTS)
def test_any_activation_by_any_name(case, device):
    x = torch.randn(4, 6, device=device)
    gate, up = x.chunk(2, -1)
    expected = OPS.gated(gate, up, case.name, [math.inf if v is None else v for v in case.values])
    for name in (case.name, case.descriptor.module, *case.descriptor.aliases):
        assert torch.equal(SF.gated(x, activation=name), expected)
    assert torch.equal(SF.gated(x, activation=case.name, **case.parameters), expected)
    assert torch.equal(smoothact.nn.GLU(activation=case.name, layout="gate_first")(x), expected)
    for p in case.descriptor.parameters:
        other = {**case.parameters, p.name: (p.default or 1) * 1.25}
        if case.descriptor.ascending:
            continue
        f = getattr(SF, case.name)(gate, **other)
        torch.testing.assert_close(SF.gated(x, activation=case.name, **{p.name: other[p.name]}), f * up)
    if case.descriptor.selector:
        keyword, choices = case.descriptor.selector
        for choice, target in choices.items():
            given = SF.gated(x, activation=case.name, **{keyword: choice})
            assert torch.equal(given, SF.gated(x, activation=target))


def test_signatures_and_documentation():
    for name in smoothact._gates.__all__:
        function = getattr(SF, name)
        parameters = inspect.signature(function).parameters
        assert list(parameters)[:2] == ["input", "up"] and parameters["up"].default is None
        assert parameters["layout"].kind is inspect.Parameter.KEYWORD_ONLY and parameters["dim"].default == -1
        assert function.__module__ == "smoothact.functional" and name in SF.__all__
        text = inspect.getdoc(function)
        assert all(word in text for word in ("Args:", "Returns:", "Raises:", "layout:", "up:", "dim:"))
    for name in smoothact._gate_modules.__all__:
        module = getattr(smoothact.nn, name)
        assert name in smoothact.nn.__all__ and inspect.getdoc(module)


def test_modules_say_what_they_are():
    nn = smoothact.nn
    assert repr(nn.GLU()) == repr(torch.nn.GLU()) == "GLU(dim=-1)"
    assert repr(nn.GLU(1)) == repr(torch.nn.GLU(1))
    assert repr(nn.GLU(activation=NAME, layout="interleaved")) == (
        f"GLU(dim=-1, layout='interleaved', activation={NAME!r})"
    )
    assert repr(nn.SwiGLU()) == "SwiGLU(dim=-1)"
    assert repr(nn.SwiGLU(layout="up_first")) == "SwiGLU(dim=-1, layout='up_first')"
    assert repr(nn.SwiGLUClamped()) == "SwiGLUClamped(dim=-1, limit=7.0, alpha=1.702)"
    module = nn.GLU(0, activation=NAME, layout="interleaved")
    x = torch.randn(4, 3)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))
    assert not list(module.parameters()) and not module.state_dict()


def refusals():
    x, ok = torch.ones(2, 3, 5, 5), torch.ones(4, 6)
    yield "odd", lambda f: f(x, dim=3), RuntimeError, r"halving dimension must be even, but dimension 3 is size 5"
    yield "dim", lambda f: f(ok, dim=2), IndexError, r"Dimension out of range .*\[-2, 1\], but got 2"
    yield "negative dim", lambda f: f(ok, dim=-3), IndexError, r"but got -3"
    yield "dim type", lambda f: f(ok, dim=1.0), TypeError, r"'dim' must be int, not float"
    yield "0-d", lambda f: f(torch.ones(())), RuntimeError, r"at least one dimension"
    yield "layout", lambda f: f(ok, layout="gate_last"), ValueError, r"layout must be one of.*got 'gate_last'"
    yield "up and dim", lambda f: f(ok, ok, dim=0), ValueError, r"up=.*dim=0"
    yield "up and layout", lambda f: f(ok, ok, layout="interleaved"), ValueError, r"up=.*layout='interleaved'"
    yield "dtypes", lambda f: f(ok, ok.double()), TypeError, r"up to have the dtype of input \(torch.float32\)"
    yield "devices", lambda f: f(ok, ok.to("meta")), RuntimeError, r"up to be on the device of input \(cpu\)"
    yield "shapes", lambda f: f(ok, torch.ones(4, 5)), RuntimeError, r"size of tensor.*must match"
    yield "input type", lambda f: f([1.0, 2.0]), TypeError, r"'input' must be Tensor, not list"
    yield "up type", lambda f: f(ok, 1), TypeError, r"'up' must be Tensor, not int"
    yield "parameter", lambda f: f(ok, no_such=1.0), TypeError, r"no_such"
    for dtype in (torch.int64, torch.bool, torch.complex64):
        yield str(dtype), lambda f, d=dtype: f(ok.to(d)), NotImplementedError, rf"input.*{dtype}"
        yield f"up {dtype}", lambda f, d=dtype: f(ok, ok.to(d)), NotImplementedError, rf"up.*{dtype}"


@pytest.mark.parametrize(("call", "error", "message"), [pytest.param(*r, id=i) for i, *r in refusals()])
@pytest.mark.parametrize("name", [*BUILT, "gated", *(["swiglu_clamped"] if "swish" in smoothact.catalogue else [])])
def test_refusals(name, call, error, message):
    function = getattr(SF, name)
    if name == "gated":
        function = lambda *a, **k: SF.gated(*a, activation=NAME, **k)  # noqa: E731
    if name == "swiglu_clamped" and "interleaved" in message:
        message, call = r"up=.*layout='up_first'", lambda f: f(torch.ones(2), torch.ones(2), layout="up_first")
    with pytest.raises(error, match=message) as refused:
        call(function)
    if "must match" not in message:
        assert name in str(refused.value)


@pytest.mark.parametrize("case", DEFAULTS)
def test_parameters_are_checked(case):
    x = torch.ones(2, 4)
    for p in case.descriptor.parameters:
        for bad, error in ((math.nan, ValueError), ("1", TypeError)):
            with pytest.raises(error, match=p.name):
                SF.gated(x, activation=case.name, **{p.name: bad})
    with pytest.raises(ValueError, match="at most"):
        OPS.gated(x, x, case.name, [1.0] * 5)


def test_activations_are_checked():
    x = torch.ones(2, 4)
    for call in (lambda a: SF.gated(x, activation=a), lambda a: smoothact.nn.GLU(activation=a)):
        with pytest.raises(ValueError, match="no activation is named 'no_such'"):
            call("no_such")
        with pytest.raises(TypeError, match="str"):
            call(torch.relu)
    with pytest.raises(TypeError, match=r"GLU: activation must be the name or the module .*, got SiLU"):
        smoothact.nn.GLU(activation=torch.nn.SiLU())
    with pytest.raises(ValueError, match="layout"):
        smoothact.nn.SwiGLU(layout="up")
    with pytest.raises(TypeError, match="dim"):
        smoothact.nn.SwiGLU("up_first")


@pytest.mark.skipif("swish" not in smoothact.catalogue, reason="built without swish")
@pytest.mark.parametrize("bad", [{"limit": 0.0}, {"limit": -1}, {"limit": math.nan}, {"alpha": 0}, {"alpha": math.inf}])
def test_swiglu_clamped_checks_its_arguments(bad):
    with pytest.raises(ValueError, match=f"swiglu_clamped: {next(iter(bad))}"):
        SF.swiglu_clamped(torch.ones(4), **bad)


def test_the_ops_refuse_alike():
    x, y = torch.ones(4, 6), torch.ones(4, 3)
    for call, error, message in (
        (lambda: OPS.gated(x, x, "no_such"), ValueError, "gated: no activation is named 'no_such'"),
        (lambda: OPS.gated(x, x.double(), NAME), TypeError, "gated: expected gate to have the dtype of up"),
        (lambda: OPS.gated(x.int(), x.int(), NAME), NotImplementedError, "gated: gate: not implemented for dtype Int"),
        (lambda: OPS.gated(x.to_sparse(), x, NAME), NotImplementedError, "gated: gate: not implemented for layout"),
        (lambda: OPS.gated_backward(x.double(), x, x, NAME), TypeError, "gated_backward: expected grad"),
        (lambda: OPS.gated_backward(y, x, x, NAME), RuntimeError, "must match"),
        (lambda: OPS.gated_jvp(None, None, x, x, NAME), ValueError, "gated_jvp: expected v_gate or v_up"),
        (lambda: OPS.gated(x, x, NAME, [], -1.0), ValueError, "limit must be non-negative"),
        (lambda: OPS.gated(x, x, NAME, [], None, math.inf), ValueError, "offset must be finite"),
        (lambda: OPS.gated_packed(x, 1, "up", NAME), ValueError, "gated_packed: layout must be"),
        (lambda: OPS.gated_packed(x, 2, "up_first", NAME), IndexError, "gated_packed: Dimension out of range"),
        (lambda: OPS.gated_packed(y, 1, "up_first", NAME), RuntimeError, "even, but dimension 1 is size 3"),
        (lambda: OPS.gated_packed_backward(x, x, 1, "up_first", NAME), RuntimeError, "expected grad to have the shape"),
        (
            lambda: OPS.gated_packed_double_backward(y, y, x, 1, "up_first", NAME),
            RuntimeError,
            "expected grad_grad to have the shape",
        ),
    ):
        with pytest.raises(error, match=message):
            call()
