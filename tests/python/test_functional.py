# SPDX-License-Identifier: Apache-2.0
"""The functions as Python objects: signatures, docstrings, arguments, and every way a tensor may come in."""

import inspect

import pytest
import smoothact
import torch
from support import CASES, DEFAULTS
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


def function(case):
    return getattr(smoothact.functional, case.name)


@pytest.mark.parametrize("case", DEFAULTS)
def test_signature_is_the_descriptors(case):
    d = case.descriptor
    parameters = list(inspect.signature(function(case)).parameters.values())
    expected = [(p.name, p.default) for p in d.parameters]
    if d.selector:
        expected.append((d.selector[0], "none"))
    if d.inplace:
        expected.append(("inplace", False))
    expected += [("bias", None), ("dim", 1), ("fewbit", None)]
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters[-3:])
    assert parameters[0].default is inspect.Parameter.empty
    assert [(p.name, p.default) for p in parameters[1:]] == expected


@pytest.mark.parametrize("case", DEFAULTS)
def test_documentation(case):
    for documented in (function(case), getattr(smoothact.nn, case.descriptor.module)):
        text = inspect.getdoc(documented)
        assert text and case.descriptor.definition in text
        for p in case.descriptor.parameters:
            assert p.name in text
    assert function(case).__name__ == case.name
    assert function(case).__module__ == "smoothact.functional"
    assert getattr(smoothact.nn, case.descriptor.module).__module__ == "smoothact.nn"


def test_names_are_listed():
    for namespace in (smoothact.functional, smoothact.nn, smoothact):
        assert set(namespace.__all__) <= set(dir(namespace))
    assert set(smoothact.catalogue) <= set(smoothact.functional.__all__)
    assert {d.module for d in smoothact.catalogue.values()} <= set(smoothact.nn.__all__)


@pytest.mark.parametrize("case", CASES)
def test_arguments_by_position_and_keyword(case, device):
    x = torch.randn(5, device=device)
    expected = case(x)
    assert torch.equal(function(case)(x, *case.values), expected)
    assert torch.equal(function(case)(x, **case.parameters), expected)
    first = next(iter(inspect.signature(function(case)).parameters))
    assert torch.equal(function(case)(**{first: x}, **case.parameters), expected)
    if case.values:
        assert torch.equal(function(case)(x, case.values[0], **dict(list(case.parameters.items())[1:])), expected)


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.values])
def test_numbers_of_any_kind(case, device):
    """Python and numpy integers and floats, as torch takes them."""
    numpy = pytest.importorskip("numpy")
    x = torch.randn(5, device=device)
    name = case.descriptor.parameters[-1].name
    expected = function(case)(x, **{name: 2.0})
    for value in (2, True + 1, numpy.float64(2), numpy.float32(2), numpy.int64(2)):
        assert torch.equal(function(case)(x, **{name: value}), expected), type(value)


class Subclass(torch.Tensor):
    pass


@pytest.mark.parametrize("case", DEFAULTS)
def test_subclasses_and_parameters(case, device):
    x = torch.randn(5, device=device)
    y = function(case)(x.as_subclass(Subclass))
    assert type(y) is Subclass and torch.equal(y.as_subclass(torch.Tensor), case(x))
    y = function(case)(torch.nn.Parameter(x))
    assert y.requires_grad and type(y) is torch.Tensor
    assert type(function(case)(torch.nn.Buffer(x))) is torch.Tensor


class Functions(TorchFunctionMode):
    def __init__(self):
        self.seen = []

    def __torch_function__(self, f, types, args=(), kwargs=None):
        self.seen.append(str(f))
        return f(*args, **(kwargs or {}))


class Dispatches(TorchDispatchMode):
    def __init__(self):
        self.seen = []

    def __torch_dispatch__(self, f, types, args=(), kwargs=None):
        self.seen.append(str(f))
        return f(*args, **(kwargs or {}))


@pytest.mark.parametrize("case", DEFAULTS)
def test_modes_see_the_op(case, device):
    x = torch.randn(5, device=device, requires_grad=True)
    with Functions() as functions:
        function(case)(x)
    assert any(case.name in f for f in functions.seen)
    with Dispatches() as dispatches:
        function(case)(x).sum().backward()
    assert f"smoothact.{case.name}.default" in dispatches.seen
    assert f"smoothact.{case.name}_backward.default" in dispatches.seen


@pytest.mark.parametrize("case", DEFAULTS)
def test_fast_entry_gives_the_ops_bits_and_graph(case, device):
    for x in (torch.randn(64, device=device), torch.randn(64, device=device, requires_grad=True)):
        a, b = function(case)(x), case(x)
        assert torch.equal(a, b) and a.requires_grad == b.requires_grad
        assert type(a.grad_fn) is type(b.grad_fn)
    assert case.name.replace("_", "") in type(a.grad_fn).__name__.lower() + a.grad_fn.name().lower().replace("_", "")


def test_version():
    assert smoothact.__version__.split(".")[0].isdigit()
    assert smoothact._C.built_isas()
