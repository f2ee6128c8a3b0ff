# SPDX-License-Identifier: Apache-2.0
"""The activations as functions: ``functional.mish(input)``, with torch's names and arguments where torch has them.

Every function takes a tensor of any shape and strides, of dtype float64, float32, bfloat16 or float16, and returns one
of the same shape, dtype and layout; 16-bit types are computed in float32. All are differentiable to any order, forwards
and backwards, and work under every torch transform. Other dtypes and layouts raise ``NotImplementedError``, parameters
outside their domain ``ValueError``.

A ``bias``, a tensor of no dimensions or with an element for every channel along ``dim`` of the input, is added to it in
the same pass; so is its gradient summed up. The sum is rounded as the type that is computed in: it has more digits than
a 16-bit input.

A parameter may be a tensor too, of no dimensions or with an element for every channel along ``dim`` of the input, and
is differentiated as the input is. It does not change the dtype of the result. Its values are not looked at: outside
the domain they give NaN.

``fewbit`` saves 2, 3 or 4 bits for each element instead of the input: the gradient is then approximated, see
:mod:`smoothact.fewbit`, and can be differentiated by the gradient that comes in, but not by the input. A NaN in the
input gives a NaN in the result, and no NaN in the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import torch
from torch import Tensor
from torch.compiler import is_dynamo_compiling as is_compiling

from . import _C, _fewbit, _gates, _learned, _policy, _smooth_max
from ._catalogue import Descriptor, catalogue
from ._gates import *  # noqa: F403
from ._noisy import noisy_relu
from ._pade import pau
from ._smooth_max import *  # noqa: F403

__all__ = [*catalogue, "noisy_relu", "pau", "prelu", *_gates.__all__, *_smooth_max.__all__]


def _make(descriptor: Descriptor) -> Callable[..., Tensor]:
    """The function of an activation; the templates differ in what a signature can hold."""
    name = descriptor.name
    fast = getattr(_C, f"fast_{name}")
    packet = getattr(torch.ops.smoothact, name)
    kernel, fused = packet.default, packet.fuse

    def traced(
        input: Tensor,
        *parameters: float | Tensor | None,
        bias: Tensor | None = None,
        dim: int = 1,
        fewbit: int | None = None,
    ) -> Tensor:
        if fewbit is not None:
            return _fewbit.call(name, input, parameters, bias, dim, fewbit)
        learned = any(isinstance(p, Tensor) for p in parameters)
        if learned or (bias is not None and not is_compiling()):
            return _learned.call(name, dim, input, *parameters, bias=bias)
        op = fused if _policy.fuses(name, input.device.type) else kernel
        if bias is None:
            return op(input, *parameters)
        # The compiler has the sum for itself, and adds up the bias's gradient.
        return op(_learned.plus_bias(name, "bias", input, bias, dim), *parameters).to(input.dtype)

    def plain(input, *, bias, dim, fewbit):
        if bias is None and fewbit is None and not is_compiling():
            return fast(input)
        return traced(input, bias=bias, dim=dim, fewbit=fewbit)

    def one(input, a, *, bias, dim, fewbit):
        if bias is None and fewbit is None and not is_compiling():
            return fast(input, a, dim)
        return traced(input, a, bias=bias, dim=dim, fewbit=fewbit)

    def two(input, a, b, *, bias, dim, fewbit):
        if bias is None and fewbit is None and not is_compiling():
            return fast(input, a, b, dim)
        return traced(input, a, b, bias=bias, dim=dim, fewbit=fewbit)

    def three(input, a, b, c, *, bias, dim, fewbit):
        if bias is None and fewbit is None and not is_compiling():
            return fast(input, a, b, c, dim)
        return traced(input, a, b, c, bias=bias, dim=dim, fewbit=fewbit)

    def four(input, a, b, c, d, *, bias, dim, fewbit):
        if bias is None and fewbit is None and not is_compiling():
            return fast(input, a, b, c, d, dim)
        return traced(input, a, b, c, d, bias=bias, dim=dim, fewbit=fewbit)

    names = [p.name for p in descriptor.parameters]
    defaults = [p.default for p in descriptor.parameters]
    if descriptor.selector:
        keyword, choices = descriptor.selector
        functions = {value: _make(catalogue[target]) for value, target in choices.items() if target != name}
        itself = next(value for value, target in choices.items() if target == name)

        def chosen(input, choice, *, bias, dim, fewbit):
            if choice == itself:
                return plain(input, bias=bias, dim=dim, fewbit=fewbit)
            if not isinstance(choice, str) or choice not in functions:
                raise ValueError(f"{name}: {keyword} must be one of {', '.join(map(repr, choices))}, got {choice!r}")
            return functions[choice](input, bias=bias, dim=dim, fewbit=fewbit)

        template, names, defaults = chosen, [keyword], [itself]
    elif descriptor.inplace:
        inplace_op = getattr(torch.ops.smoothact, f"{name}_").default

        def overwrite(input, *parameters, bias, fewbit):
            if bias is not None or fewbit is not None or any(isinstance(p, Tensor) for p in parameters):
                raise TypeError(f"{name}(): inplace=True takes no bias, no fewbit, and no tensors for parameters")
            if is_compiling():
                return input.copy_(traced(input.clone(), *parameters))  # backward needs what is overwritten
            if not isinstance(input, Tensor):
                return fast(input, *parameters)  # which says so
            inplace_op(input, *parameters)
            return input

        def plain_inplace(input, inplace, *, bias, dim, fewbit):
            if inplace:
                return overwrite(input, bias=bias, fewbit=fewbit)
            return plain(input, bias=bias, dim=dim, fewbit=fewbit)

        def one_inplace(input, a, inplace, *, bias, dim, fewbit):
            if inplace:
                return overwrite(input, a, bias=bias, fewbit=fewbit)
            return one(input, a, bias=bias, dim=dim, fewbit=fewbit)

        def two_inplace(input, a, b, inplace, *, bias, dim, fewbit):
            if inplace:
                return overwrite(input, a, b, bias=bias, fewbit=fewbit)
            return two(input, a, b, bias=bias, dim=dim, fewbit=fewbit)

        template = (plain_inplace, one_inplace, two_inplace)[len(names)]
        names, defaults = [*names, "inplace"], [*defaults, False]
    else:
        template = (plain, one, two, three, four)[len(names)]

    # A code object of its own: Dynamo caches, and counts recompilations, per code object.
    code = template.__code__.replace(
        co_name=name,
        co_varnames=("input", *names, *template.__code__.co_varnames[1 + len(names) :]),
    )
    function = FunctionType(code, globals(), name, tuple(defaults), template.__closure__)
    function.__kwdefaults__ = {"bias": None, "dim": 1, "fewbit": None}
    function.__module__ = __name__
    function.__qualname__ = name
    function.__doc__ = _document(descriptor)
    annotations = {
        "input": "Tensor",
        **{n: _annotation(d) for n, d in zip(names, defaults, strict=True)},
        "bias": "Tensor | None",
        "dim": "int",
        "fewbit": "int | None",
        "return": "Tensor",
    }
    function.__annotations__ = annotations
    return function


def _annotation(default: object) -> str:
    tensor = "" if isinstance(default, (bool, str)) else " | Tensor"
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
    if d.selector:
        lines.append(f"    {d.selector[0]}: {', '.join(map(repr, d.selector[1]))}.")
    if d.inplace:
        lines.append("    inplace: overwrite ``input`` and return it.")
    lines.append("    bias: a tensor that is added to ``input`` first, in the same pass; None for none.")
    what = "``bias`` has" if d.selector or not d.parameters else "``bias`` and parameters that are tensors have"
    lines.append(f"    dim: the dim of ``input`` along which {what} an element for every channel.")
    lines += ["", "Returns:", "    A tensor of the shape, dtype and layout of ``input``.", "", "Raises:"]
    lines.append("    NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.")
    outside = "an argument outside its domain, or " if d.parameters or d.selector else ""
    lines.append(f"    ValueError: {outside}a ``bias`` of another size than ``input`` along ``dim``.")
    if d.source:
        lines += ["", f"Source: {d.source}."]
    return "\n".join(lines)


globals().update({name: _make(descriptor) for name, descriptor in catalogue.items()})
for _function in (noisy_relu, pau, *(getattr(_smooth_max, name) for name in _smooth_max.__all__)):
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
