# SPDX-License-Identifier: Apache-2.0
"""Refusals: every op alike, naming the op and what it was given."""

import math
import re
import warnings

import pytest
import smoothact
import torch
from support import DEFAULTS

DTYPES = [torch.uint8, torch.int32, torch.int64, torch.bool, torch.complex64, torch.complex128]


def layouts():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield "sparse", torch.eye(4).to_sparse()
        yield "sparse_csr", torch.eye(4).to_sparse_csr()
        yield "quint8", torch.quantize_per_tensor(torch.eye(4), 0.1, 0, torch.quint8)
        yield "mkldnn", torch.eye(4).to_mkldnn()


def calls(case):
    yield case.name, case
    yield case.name, case.functional
    for order, suffix in ((1, "_backward"), (2, "_double_backward")):
        yield case.name + suffix, lambda x, order=order: case.op(order)(*[x] * (order + 1), *case.values)
    if case.descriptor.inplace:
        yield case.name, lambda x: getattr(torch.ops.smoothact, case.name + "_")(x, *case.values)


@pytest.mark.parametrize("case", DEFAULTS)
def test_dtypes_are_refused(case, device):
    for dtype in DTYPES:
        x = torch.ones(3, dtype=dtype, device=device)
        for name, call in calls(case):
            with pytest.raises(NotImplementedError, match=rf"\b{name}\b") as refused:
                call(x)
            named = {str(dtype).removeprefix("torch."), *re.findall(r"\w+", str(refused.value).lower())}
            assert {torch_name(dtype)} & named, (name, dtype, str(refused.value))


def torch_name(dtype):
    return {
        torch.uint8: "byte",
        torch.int32: "int",
        torch.int64: "long",
        torch.bool: "bool",
        torch.complex64: "complexfloat",
        torch.complex128: "complexdouble",
    }[dtype]


@pytest.mark.parametrize("case", DEFAULTS)
@pytest.mark.parametrize("layout", ["sparse", "sparse_csr", "quint8", "mkldnn"])
def test_layouts_are_refused(case, layout):
    x = dict(layouts())[layout]
    for name, call in calls(case):
        with pytest.raises(NotImplementedError, match=rf"(?i)\b{name}\b.*{layout.replace('_', '_?')}"):
            call(x)


@pytest.mark.parametrize("case", DEFAULTS)
def test_meta_tensors_are_refused_alike(case):
    with pytest.raises(NotImplementedError, match=case.name):
        case(torch.ones(3, dtype=torch.int64, device="meta"))


@pytest.mark.parametrize("case", DEFAULTS)
@pytest.mark.parametrize("value", [3, 2.5, None, [1.0, 2.0], "x"])
def test_only_tensors(case, value):
    with pytest.raises((TypeError, RuntimeError)):
        case(value)
    with pytest.raises(TypeError, match=r"(?i)tensor"):
        case.functional(value)


def outside():
    bad = {
        "real": [math.nan, math.inf, 1e16, -1e-31],
        "positive": [0.0, -1.0, math.nan, 1e39],
        "nonnegative": [-1.0, -math.inf, math.nan, 1e-90],
        "from 1 to 16": [0.99, -2.0, 16.1, math.inf, math.nan],
    }
    for case in DEFAULTS:
        for parameter in case.descriptor.parameters:
            for value in bad[parameter.domain]:
                if parameter.optional and not math.isnan(value):
                    continue  # infinity is as good as absent, and it is only compared with
                yield pytest.param(case, parameter.name, value, id=f"{case}-{parameter.name}={value}")


@pytest.mark.parametrize(("case", "parameter", "value"), list(outside()))
def test_parameters_outside_the_domain(case, parameter, value, device):
    x = torch.ones(3, device=device)
    message = rf"{case.name}.*\b{parameter}\b"
    values = {**case.parameters, parameter: value}
    with pytest.raises(ValueError, match=message):
        getattr(smoothact.functional, case.name)(x, **values)
    with pytest.raises(ValueError, match=message):
        getattr(smoothact.functional, case.name)(x.clone().requires_grad_(), **values)
    for order in range(3):
        with pytest.raises(ValueError, match=message):
            case.op(order)(*[x] * (order + 1), *values.values())


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.descriptor.ascending])
def test_parameters_out_of_order(case, device):
    x = torch.ones(3, device=device)
    for values in (case.values[::-1], [case.values[0]] * len(case.values)):
        with pytest.raises(ValueError, match=rf"{case.name}.*must be less than"):
            case.op()(x, *values)
        with pytest.raises(ValueError, match=case.name):
            type(case.module())(*values)


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.values])
def test_arguments_are_checked(case, device):
    x = torch.ones(3, device=device)
    f = getattr(smoothact.functional, case.name)
    name = case.descriptor.parameters[0].name
    for bad in (
        lambda: f(x, **{name: "a"}),
        lambda: f(x, no_such=1.0),
        lambda: f(x, *case.values, 1.0, 2.0, 3.0),
        f,
    ):
        with pytest.raises(TypeError):
            bad()
    with pytest.raises(TypeError):
        f(x, *case.values[:1], **{name: 1.0})


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.values])
def test_modules_take_no_tensors(case, device):
    """A tensor that a module does not own would not move with it."""
    with pytest.raises(TypeError, match="must be a float, got a Tensor; learnable=True"):
        type(case.module())(torch.tensor(1.5, device=device))


@pytest.mark.parametrize("case", [c for c in DEFAULTS if c.values])
def test_modules_check_their_arguments(case):
    parameter = next(p for p in case.descriptor.parameters if not p.optional)
    for bad, error in (("a", TypeError), (math.nan, ValueError), (1e39, ValueError)):
        with pytest.raises(error, match=parameter.name):
            type(case.module())(**{parameter.name: bad})


def test_gelu_names_the_choices(device):
    x = torch.ones(3, device=device)
    for call in (
        smoothact.functional.gelu,
        lambda x, approximate: smoothact.nn.GELU(approximate=approximate)(x),
    ):
        for bad in ("tan", ["tanh"], None):
            with pytest.raises(ValueError, match=r"(?s)gelu.*tanh"):
                call(x, approximate=bad)


@pytest.mark.parametrize("case", DEFAULTS)
def test_gradients_must_match(case, device):
    x = torch.ones(3, device=device)
    with pytest.raises(TypeError, match=f"{case.name}_backward"):
        case.op(1)(x, None, *case.values)
    with pytest.raises((RuntimeError, TypeError), match=f"{case.name}_backward"):
        case.op(1)(x.double(), x, *case.values)
    with pytest.raises(RuntimeError):
        case.op(1)(torch.ones(4, device=device), x, *case.values)


@pytest.mark.parametrize("name", ["misch", "Gelu_tan", "softpuls", "swich"])
def test_get_suggests(name):
    nearest = {"misch": "mish", "Gelu_tan": "gelu_tanh", "softpuls": "softplus", "swich": "swish"}[name]
    with pytest.raises((KeyError, ValueError, AttributeError), match=nearest):
        smoothact.get(name)


def test_get_refuses_unknown_parameters():
    with pytest.raises(TypeError, match="gamma"):
        smoothact.get("mish", gamma=1.0)
