# SPDX-License-Identifier: Apache-2.0
"""The activations as functions: ``functional.mish(input)``, with torch's names and arguments where torch has them.

Every function takes a tensor of any shape and strides, of dtype float64, float32, bfloat16 or float16, and returns one
of the same shape, dtype and layout; 16-bit types are computed in float32. All are differentiable to any order, forwards
and backwards, and work under every torch transform. Other dtypes and layouts raise ``NotImplementedError``, parameters
outside their domain ``ValueError``.

A parameter may be a tensor too, of no dimensions or with an element for every channel along ``dim`` of the input, and
is differentiated as the input is. It does not change the dtype of the result. Its values are not looked at: outside
the domain they give NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import torch
from torch import Tensor
from torch.compiler import is_dynamo_compiling as is_compiling

from . import _C, _gates, _learned, _policy
from ._catalogue import Descriptor, catalogue
from ._gates import *  # noqa: F403
from ._noisy import noisy_relu
from ._pade import pau

__all__ = [*catalogue, "noisy_relu", "pau", "prelu", *_gates.__all__]


def _make(descriptor: Descriptor) -> Callable[..., Tensor]:
    """The function of an activation; the templates differ in what a signature can hold."""
    name = descriptor.name
    fast = getattr(_C, f"fast_{name}")
    packet = getattr(torch.ops.smoothact, name)
    kernel, fused = packet.default, packet.fuse

    def traced(input: Tensor, *parameters: float | Tensor | None, dim: int = 1) -> Tensor:
        if any(isinstance(p, Tensor) for p in parameters):
            return _learned.call(name, dim, input, *parameters)
        op = fused if _policy.fuses(name, input.device.type) else kernel
        return op(input, *parameters)

    def plain(input):
        return traced(input) if is_compiling() else fast(input)

    def one(input, a, *, dim):
        return traced(input, a, dim=dim) if is_compiling() else fast(input, a, dim)

    def two(input, a, b, *, dim):
        return traced(input, a, b, dim=dim) if is_compiling() else fast(input, a, b, dim)

    def three(input, a, b, c, *, dim):
        return traced(input, a, b, c, dim=dim) if is_compiling() else fast(input, a, b, c, dim)

    def four(input, a, b, c, d, *, dim):
        return traced(input, a, b, c, d, dim=dim) if is_compiling() else fast(input, a, b, c, d, dim)

    names = [p.name for p in descriptor.parameters]
    defaults = [p.default for p in descriptor.parameters]
    if descriptor.selector:
        keyword, choices = descriptor.selector
        functions = {value: _make(catalogue[target]) for value, target in choices.items() if target != name}
        itself = next(value for value, target in choices.items() if target == name)

        def chosen(input, choice):
            if choice == itself:
                return traced(input) if is_compiling() else fast(input)
            if not isinstance(choice, str) or choice not in functions:
                raise ValueError(f"{name}: {keyword} must be one of {', '.join(map(repr, choices))}, got {choice!r}")
            return functions[choice](input)

        template, names, defaults = chosen, [keyword], [itself]
    elif descriptor.inplace:
        inplace_op = getattr(torch.ops.smoothact, f"{name}_").default

        def overwrite(input, *parameters):
            if any(isinstance(p, Tensor) for p in parameters):
                raise TypeError(f"{name}(): inplace=True takes no tensors for parameters")
            if is_compiling():
                return input.copy_(traced(input.clone(), *parameters))  # backward needs what is overwritten
            if not isinstance(input, Tensor):
                return fast(input, *parameters)  # which says so
            inplace_op(input, *parameters)
            return input

        def plain_inplace(input, inplace):
            if inplace:
                return overwrite(input)
            return traced(input) if is_compiling() else fast(input)

        def one_inplace(input, a, inplace, *, dim):
            if inplace:
                return overwrite(input, a)
            return traced(input, a, dim=dim) if is_compiling() else fast(input, a, dim)

        def two_inplace(input, a, b, inplace, *, dim):
            if inplace:
                return overwrite(input, a, b)
            return traced(input, a, b, dim=dim) if is_compiling() else fast(input, a, b, dim)

        template = (plain_inplace, one_inplace, two_inplace)[len(names)]
        names, defaults = [*names, "inplace"], [*defaults, False]
    else:
        template = (plain, one, two, three, four)[len(names)]

    # A code object of its own: Dynamo caches, and counts recompilations, per code object.
    code = template.__code__.replace(
        co_name=name,
        co_varnames=("input", *names, *template.__code__.co_varnames[1 + len(names) :]),
    )
    learns = code.co_kwonlyargcount > 0
    function = FunctionType(code, globals(), name, tuple(defaults), template.__closure__)
    function.__kwdefaults__ = {"dim": 1} if learns else None
    function.__module__ = __name__
    function.__qualname__ = name
    function.__doc__ = _document(descriptor)
    annotations = {
        "input": "Tensor",
        **{n: _annotation(d, learns) for n, d in zip(names, defaults, strict=True)},
        **({"dim": "int"} if learns else {}),
        "return": "Tensor",
    }
    function.__annotations__ = annotations
    return function


def _annotation(default: object, learns: bool) -> str:
    tensor = " | Tensor" if learns and not isinstance(default, bool) else ""
    return f"float{tensor} | None" if default is None else type(default).__name__ + tensor


def _document(d: Descriptor) -> str:
    lines = [
        f"``{d.definition}``, elementwise.",
        "",
        "Args:",
        "    input: a floating-point tensor of any shape.",
    ]
    for p in d.parameters:
        lines.append(f"    {p.name}: {p.domain}, default {p.default}.")
    if d.parameters and not d.selector:
        lines.append("    dim: the dim of ``input`` along which parameters that are tensors have their elements.")
    if d.selector:
        lines.append(f"    {d.selector[0]}: {', '.join(map(repr, d.selector[1]))}.")
    if d.inplace:
        lines.append("    inplace: overwrite ``input`` and return it.")
    lines += ["", "Returns:", "    A tensor of the shape, dtype and layout of ``input``.", "", "Raises:"]
    lines.append("    NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.")
    if d.parameters or d.selector:
        lines.append("    ValueError: an argument outside its domain.")
    if d.source:
        lines += ["", f"Source: {d.source}."]
    return "\n".join(lines)


globals().update({name: _make(descriptor) for name, descriptor in catalogue.items()})
for _function in (noisy_relu, pau):
    _function.__module__ = __name__


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``where(x > 0, x, weight * x)``, as ``torch.nn.functional.prelu``: ``leaky_relu`` with a slope to learn.

    Args:
        input: a floating-point tensor of any shape.
        weight: of one element, or with one for each channel, along the second dim.

    Returns:
        A tensor of the shape, dtype and layout of ``input``.

    Raises:
        NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.
        ValueError: ``weight`` has not as many elements as ``input`` has channels.

    Source: He et al. 2015, arXiv:1502.01852.
    """
    return globals()["leaky_relu"](input, weight)
