# SPDX-License-Identifier: Apache-2.0
"""Gates, ``f(gate) * up``, with any activation of the catalogue for f.

On the CPU and CUDA one pass over memory forwards, one backwards, which gives both gradients and needs nothing but the
inputs, and one for the derivatives of those; 16-bit types are rounded once, at the end. Other devices compute the same
with elementwise ops, and so does CUDA for float64.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from . import _learned_gates
from ._arguments import check_bias, check_dtype
from ._catalogue import catalogue

__all__ = ["bilinear", "gated", "geglu", "geglu_tanh", "glu", "mish_glu", "reglu", "seglu", "swiglu", "swiglu_clamped"]

LAYOUTS = ("gate_first", "up_first", "interleaved")

_ARGUMENTS = """
    Args:
        input: gate and up in one floating-point tensor, halves of dimension ``dim``; or the gate alone, given ``up``.
        up: what the gate multiplies; of the gate's dtype and device, and of a shape that broadcasts with its.
        layout: of a packed ``input``: ``"gate_first"``, ``"up_first"``, or ``"interleaved"``, the gate at even places.
        dim: of a packed ``input``, the dimension that is halved; biases have their elements along it.
        gate_bias, up_bias: tensors that are added to gate and to up first, of no dimensions or with an element for
            every channel; None for none.
"""
_RESULT = """
    Returns:
        A tensor of the dtype of ``input``, half as long in dimension ``dim``; given ``up``, of the shape that both
        broadcast to.

    Raises:
        IndexError: ``dim`` is out of range.
        RuntimeError: a dimension of odd size is to be halved, or ``up`` is on another device or does not broadcast.
        TypeError: ``up`` is of another dtype, a bias of none of the four, or an argument is none that the activation
            has.
        ValueError: another layout, no such activation, a parameter outside its domain, a bias of another size than its
            half along ``dim``, or ``layout`` or ``dim`` beside ``up``.
        NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.
"""


def _documented(formula: str, source: str = "", more: str = "") -> Callable[[Callable], Callable]:
    def decorate(function: Callable) -> Callable:
        source_line = f"\n    Source: {source}.\n" if source else ""
        function.__doc__ = (
            f"{formula}, of two tensors or of the halves of one.\n{_ARGUMENTS}{more}{_RESULT}{source_line}    "
        )
        function.__module__ = "smoothact.functional"
        return function

    return decorate


def resolve(op: str, activation: str, given: tuple[tuple[str, Any], ...]) -> tuple[str, list[float]]:
    """The activation's name in the catalogue and its parameters in order, as the ops take them."""
    name, values = _resolved(op, activation, given)
    return name, list(values)


# As torch.compiler.assume_constant_result does, which would import the compiler: Dynamo cannot trace the look-up.
resolve._dynamo_marked_constant = True


@functools.lru_cache(maxsize=1024)
def _resolved(op: str, activation: str, given: tuple[tuple[str, Any], ...]) -> tuple[str, tuple[float, ...]]:
    try:
        found = catalogue.resolve(activation)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{op}: {error}") from None
    descriptor, parameters = found.descriptor, {**found.parameters, **dict(given)}
    if descriptor.selector and descriptor.selector[0] in parameters:
        keyword, choices = descriptor.selector
        choice = parameters.pop(keyword)
        if choice not in choices:
            raise ValueError(f"{op}: {keyword} must be one of {', '.join(map(repr, choices))}, got {choice!r}")
        descriptor = catalogue[choices[choice]]
    values = []
    for p in descriptor.parameters:
        value = parameters.pop(p.name, p.default)
        if value is None and p.optional:
            value = math.inf
        values.append(_number(op, p.name, value))
    if parameters:
        known = ", ".join(p.name for p in descriptor.parameters) or "none"
        raise TypeError(f"{op}: {descriptor.name} has no parameter {next(iter(parameters))!r} (it has {known})")
    defaults = [math.inf if p.default is None else p.default for p in descriptor.parameters]
    while values and values[-1] == defaults[len(values) - 1]:
        values.pop()
    return descriptor.name, tuple(values)


def _number(op: str, name: str, value: Any) -> float:
    # float() of a tensor would lose its gradient.
    if not isinstance(value, (str, Tensor)):
        try:
            return float(value)
        except (TypeError, OverflowError):
            pass
    raise TypeError(f"{op}(): argument '{name}' must be float, not {type(value).__name__}")


def check_layout(op: str, layout: Any, dim: Any) -> None:
    if layout not in LAYOUTS:
        raise ValueError(f"{op}: layout must be one of {', '.join(map(repr, LAYOUTS))}, got {layout!r}")
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise TypeError(f"{op}(): argument 'dim' must be int, not {type(dim).__name__}")


def _check_input(op: str, name: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{op}(): argument '{name}' must be Tensor, not {type(value).__name__}")
    check_dtype(op, value, f"{name} is ")


def _gate(
    op: str,
    activation: str,
    input: Tensor,
    up: Tensor | None,
    layout: str,
    dim: int,
    default: str,
    parameters: dict[str, Any],
    biases: tuple[Tensor | None, Tensor | None] = (None, None),
    limit: float | None = None,
    offset: float = 0.0,
    channels: int | None = None,
) -> Tensor:
    tensors, numbers = _learned_gates.split(parameters)
    name, values = resolve(op, activation, tuple(numbers.items()))
    learned = _learned_gates.merge(op, name, values, tensors) if tensors else None
    channels = dim if channels is None else channels
    _check_input(op, "input", input)
    check_layout(op, layout, dim)
    for which, bias in zip(("gate_bias", "up_bias"), biases, strict=True):
        if bias is not None:
            check_bias(op, which, bias)
    any_bias = any(bias is not None for bias in biases)
    biased = torch.ops.smoothact.gated_biased.default if any_bias else None
    if up is not None:
        _check_input(op, "up", up)
        if layout != default or (dim != -1 and not tensors and not any_bias):
            raise ValueError(
                f"{op}: layout and dim are those of a packed input; with up= they must be left out, "
                f"but for the dim of biases and of parameters that are tensors; got layout={layout!r}, dim={dim}"
            )
        if up.dtype != input.dtype:
            raise TypeError(f"{op}: expected up to have the dtype of input ({input.dtype}), got {up.dtype}")
        if up.device != input.device:
            raise RuntimeError(f"{op}: expected up to be on the device of input ({input.device}), got {up.device}")
        if learned:
            return _learned_gates.gate(name, learned, input, up, layout, dim, channels, biases)
        if biased:
            return biased(input, up, *biases, dim, layout, name, values, limit, offset)
        return torch.ops.smoothact.gated.default(input, up, name, values, limit, offset)
    rank = input.dim()
    if rank == 0:
        raise RuntimeError(f"{op}: a packed input must have at least one dimension, got none; give up= beside a gate")
    if not -rank <= dim < rank:
        raise IndexError(
            f"{op}: Dimension out of range (expected dim to be in range of [{-rank}, {rank - 1}], but got {dim})"
        )
    if input.shape[dim] % 2:
        raise RuntimeError(
            f"{op}: halving dimension must be even, but dimension {dim % rank} is size {input.shape[dim]}"
        )
    if learned:
        return _learned_gates.gate(name, learned, input, None, layout, dim, channels, biases)
    if biased:
        return biased(input, None, *biases, dim, layout, name, values, limit, offset)
    return torch.ops.smoothact.gated_packed.default(input, dim, layout, name, values, limit, offset)


def with_module(
    activation: Any,
    input: Tensor,
    up: Tensor | None,
    layout: str,
    dim: int,
    default: str,
    gate_bias: Tensor | None = None,
    up_bias: Tensor | None = None,
) -> Tensor:
    """Of an activation that is a module, and may learn."""
    parameters = {name: getattr(activation, name) for name in activation._arguments.parameters if name != "inplace"}
    channels = activation.dim if activation.learnt else None
    name, biases = activation.descriptor.name, (gate_bias, up_bias)
    return _gate("GLU", name, input, up, layout, dim, default, parameters, biases, channels=channels)


SHAZEER = "Shazeer 2020, arXiv:2002.05202"


@_documented(
    "``f(gate) * up``",
    SHAZEER,
    """        activation: f, by any name that :meth:`Catalogue.resolve` knows.
        **parameters: of f, by its names; the default ones where left out. Any may be a tensor, of no dimensions or with
            an element for every channel of the gate along ``dim``; it is differentiated as the input is.
""",
)
def gated(
    input: Tensor,
    up: Tensor | None = None,
    *,
    activation: str = "silu",
    layout: str = "gate_first",
    dim: int = -1,
    gate_bias: Tensor | None = None,
    up_bias: Tensor | None = None,
    **parameters: Any,
) -> Tensor:
    return _gate("gated", activation, input, up, layout, dim, "gate_first", parameters, (gate_bias, up_bias))


class NamedGate(Protocol):
    def __call__(
        self,
        input: Tensor,
        up: Tensor | None = None,
        *,
        layout: str = ...,
        dim: int = -1,
        gate_bias: Tensor | None = None,
        up_bias: Tensor | None = None,
        **parameters: Any,
    ) -> Tensor: ...


def _named(name: str, activation: str, formula: str, source: str = "", default: str = "gate_first") -> NamedGate:
    """The gate of one activation."""

    def function(
        input: Tensor,
        up: Tensor | None = None,
        *,
        layout: str = default,
        dim: int = -1,
        gate_bias: Tensor | None = None,
        up_bias: Tensor | None = None,
        **parameters: Any,
    ) -> Tensor:
        return _gate(name, activation, input, up, layout, dim, default, parameters, (gate_bias, up_bias))

    # A code object of its own: Dynamo caches, and counts recompilations, per code object.
    function.__code__ = function.__code__.replace(co_name=name)
    function.__name__ = function.__qualname__ = name
    return _documented(formula, source)(function)


glu = _named(
    "glu",
    "sigmoid",
    "``sigmoid(gate) * up``, by default with up first as in torch",
    "Dauphin et al. 2016, arXiv:1612.08083",
    "up_first",
)
bilinear = _named("bilinear", "identity", "``gate * up``", SHAZEER)
reglu = _named("reglu", "relu", "``relu(gate) * up``", SHAZEER)
geglu = _named("geglu", "gelu", "``gelu(gate) * up``", SHAZEER)
geglu_tanh = _named("geglu_tanh", "gelu_tanh", "``gelu_tanh(gate) * up``", SHAZEER)
swiglu = _named("swiglu", "silu", "``silu(gate) * up``", SHAZEER)
mish_glu = _named("mish_glu", "mish", "``mish(gate) * up``")
seglu = _named("seglu", "selu", "``selu(gate) * up``", "SeGLU of ActTensor, github.com/pouyaardehkhani/ActTensor")


@_documented(
    "``g * sigmoid(alpha * g) * (u + 1)`` for ``g = min(gate, limit)`` and ``u = clamp(up, -limit, limit)``",
    "OpenAI's gpt-oss, github.com/openai/gpt-oss",
    more="""        limit: positive, default 7. What lies beyond it has no gradient; what lies at it has.
        alpha: positive, default 1.702.
""",
)
def swiglu_clamped(
    input: Tensor,
    up: Tensor | None = None,
    *,
    layout: str = "interleaved",
    dim: int = -1,
    limit: float = 7.0,
    alpha: float = 1.702,
    gate_bias: Tensor | None = None,
    up_bias: Tensor | None = None,
) -> Tensor:
    limit = _number("swiglu_clamped", "limit", limit)
    if not 0 < limit < math.inf:
        raise ValueError(f"swiglu_clamped: limit must be positive and finite, got {limit}")
    alpha = _number("swiglu_clamped", "alpha", alpha)
    if not 0 < alpha < math.inf:
        raise ValueError(f"swiglu_clamped: alpha must be positive and finite, got {alpha}")
    parameters, biases = {"beta": alpha}, (gate_bias, up_bias)
    return _gate("swiglu_clamped", "swish", input, up, layout, dim, "interleaved", parameters, biases, limit, 1.0)
