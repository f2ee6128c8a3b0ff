# SPDX-License-Identifier: Apache-2.0
"""torch.library.opcheck on every overload of every elementwise op; the other families have their own."""

import pytest
import smoothact
import torch
from support import default

SUFFIXES = ("_double_backward", "_backward", "_")


def registered():
    names = torch._C._dispatch_get_all_op_names()
    others = (
        "smoothact::fewbit",
        "smoothact::gated",
        "smoothact::rational",
        "smoothact::smooth_max",
        "smoothact::_slope",
    )
    return sorted(n for n in names if n.startswith("smoothact::") and not n.startswith(others))


def overload(qualified):
    packet, _, name = qualified.removeprefix("smoothact::").partition(".")
    return getattr(getattr(torch.ops.smoothact, packet), name or "default")


# Those with tensors for parameters: test_learnable_transforms.
PLAIN = [name for name in registered() if not name.endswith(".Tensor")]


def activation(op):
    name = op._schema.name.removeprefix("smoothact::")
    for suffix in SUFFIXES:
        if name.removesuffix(suffix) in smoothact.catalogue:
            name = name.removesuffix(suffix)
    return name


def arguments(op, device):
    values = default(activation(op)).parameters
    mutates = any(a.alias_info is not None and a.alias_info.is_write for a in op._schema.arguments)
    # Third order is one and the same call for both overloads, and the longest to trace by far: once is enough.
    third = op._schema.name.endswith("_double_backward") and op._schema.overload_name == "fuse"
    for a in op._schema.arguments:
        if isinstance(a.type, torch.TensorType):
            yield torch.randn(3, 4, device=device, requires_grad=not (mutates or third))
        else:
            yield values[a.name]


@pytest.mark.parametrize("qualified", PLAIN)
def test_opcheck(qualified, device):
    op = overload(qualified)
    torch.library.opcheck(op, tuple(arguments(op, device)))


@pytest.mark.parametrize("name", ["leaky_relu", "dyt"])
def test_slope(name, device):
    """What derivatives of gradients beside parameters that learn go through."""
    x = torch.randn(3, 4, dtype=torch.float64, device=device, requires_grad=True)
    p = [
        torch.rand(3, 1, dtype=torch.float64, device=device, requires_grad=True)
        for _ in smoothact.catalogue[name].parameters
    ]
    index = list(smoothact.catalogue).index(name)
    torch.library.opcheck(torch.ops.smoothact._slope.default, (x, *p, *[None] * (4 - len(p)), index))


@pytest.mark.parametrize("name", list(smoothact.catalogue))
def test_ops_are_complete(name):
    ops = set(registered())
    for suffix in ("", "_backward", "_double_backward"):
        assert {f"smoothact::{name}{suffix}", f"smoothact::{name}{suffix}.fuse"} <= ops
    assert (f"smoothact::{name}_" in ops) == smoothact.catalogue[name].inplace


@pytest.mark.parametrize("name", list(smoothact.catalogue))
def test_fuse_overload_computes_the_same(name, device):
    case = default(name)
    x = torch.linspace(-7, 7, 101, dtype=torch.float64, device=device, requires_grad=True)
    for order in range(3):
        assert torch.equal(case.derivative(x, order, "fuse"), case.derivative(x, order))
    ones = torch.ones_like(x)
    assert torch.equal(
        torch.autograd.grad(case.op(0, "fuse")(x, *case.values), x, ones)[0],
        torch.autograd.grad(case(x), x, ones)[0],
    )
