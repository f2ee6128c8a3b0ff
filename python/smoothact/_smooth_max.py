# SPDX-License-Identifier: Apache-2.0
"""Smooth maxima over dims: LogSumExp, mellowmax and the Boltzmann mean; and of two tensors, by any smooth ReLU."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ._arguments import check_dtype
from ._catalogue import catalogue
from ._gates import _number, resolve

__all__ = ["boltzmann", "logsumexp", "mellowmax", "smooth_max", "smooth_maximum"]

KINDS = ("logsumexp", "mellowmax", "boltzmann")


def check_dim(op: str, dim: Any) -> int | tuple[int, ...]:
    """A sequence as a tuple."""
    several = isinstance(dim, Sequence) and not isinstance(dim, str)
    dims = tuple(dim) if several else (dim,)
    if any(isinstance(d, bool) or not hasattr(d, "__index__") for d in dims):
        raise TypeError(f"{op}(): argument 'dim' must be int or tuple of ints, not {type(dim).__name__}")
    dims = tuple(map(operator.index, dims))
    return dims if several else dims[0]


def check_strided(op: str, value: Tensor, which: str = "") -> None:
    if value.layout != torch.strided:
        raise NotImplementedError(f"{op}: {which}not implemented for layout {value.layout}; expected a strided tensor")


def check_kind(op: str, kind: Any, sharpness: Any) -> float:
    if not isinstance(kind, str):
        raise TypeError(f"{op}(): argument 'kind' must be str, not {type(kind).__name__}")
    if kind not in KINDS:
        raise ValueError(f"{op}: kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    k = _number(op, "sharpness", sharpness)
    if not 0 < abs(k) < math.inf:
        raise ValueError(f"{op}: sharpness must be finite and not 0, got {k}")
    return k


def _reduce(op: str, kind: str, input: Tensor, dim: int | Sequence[int], keepdim: bool, sharpness: float) -> Tensor:
    sharpness = check_kind(op, kind, sharpness)
    dim = check_dim(op, dim)
    if not isinstance(input, Tensor):
        raise TypeError(f"{op}(): argument 'input' must be Tensor, not {type(input).__name__}")
    check_strided(op, input)
    check_dtype(op, input)
    rank = input.dim()
    dims = []
    for d in (dim,) if isinstance(dim, int) else dim or range(rank):
        if not -max(rank, 1) <= d < max(rank, 1):
            raise IndexError(
                f"{op}: Dimension out of range (expected dim to be in range of [{-max(rank, 1)}, {max(rank, 1) - 1}], "
                f"but got {d})"
            )
        d %= max(rank, 1)
        if d in dims:
            raise RuntimeError(f"{op}: dim {d} appears multiple times in the list of dims")
        dims.append(d)
    apply = torch.ops.smoothact.smooth_max.default
    if rank == 0:
        return apply(input.unsqueeze(0), 0, False, kind, sharpness)
    if len(dims) == 1:
        return apply(input, dims[0], keepdim, kind, sharpness)
    dims.sort()
    last = range(rank - len(dims), rank)
    y = apply(input.movedim(dims, tuple(last)).flatten(last[0]), -1, False, kind, sharpness)
    for d in dims if keepdim else ():
        y = y.unsqueeze(d)
    return y


_DOCUMENT = """{formula}; k is ``sharpness``.

    With k it goes to the maximum, where k is negative to the minimum. An infinite maximum is the result, and the
    elements that are equal to it share the gradient; a NaN makes the result NaN. In float64 and float32 the error of
    the result is at most eps (m + (2 + log n) / abs(k)), m the greatest magnitude of the finite elements and n their
    number; a 16-bit result is that of float32, rounded once. Weights that are no normal numbers count as 0.

    On the CPU and CUDA one kernel forwards and one backwards, which needs the input and nothing else, and one for
    second derivatives; other devices, float64 on CUDA, and a k beyond 1e-15 to 1e15 take torch's ops. On the CPU a
    row's result depends on its elements alone: not on the layout, the other rows or the number of threads. On CUDA a
    row is one block's work: a few very long ones leave most of the device idle.

    Args:
        input: a floating-point tensor.
        dim: the dim, or several, to reduce; with an empty tuple all.
        keepdim: whether they stay, with a size of 1.
{kind}        sharpness: k, finite and not 0.

    Returns:
        A contiguous tensor of the dtype of ``input``. {empty}

    Raises:
        IndexError: a dim is out of range.
        NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.
        RuntimeError: a dim is given twice.
        TypeError: an argument is of another type.
        ValueError: ``sharpness`` is 0 or not finite{other}.
{source}    """


def _documented(formula: str, empty: str, source: str = "", kind: str = "") -> Callable[[Callable], Callable]:
    def decorate(function: Callable) -> Callable:
        function.__doc__ = _DOCUMENT.format(
            formula=formula,
            empty=empty,
            kind=kind,
            other=", or there is no such kind" if kind else "",
            source=f"\n    Source: {source}.\n" if source else "",
        )
        return function

    return decorate


_NO_MEAN = "Of no elements it is NaN."
_NO_SUM = "Of no elements it is -inf, for a negative k inf, as torch's."


@_documented(
    "A smooth maximum over dims: :func:`logsumexp`, :func:`mellowmax` or :func:`boltzmann`",
    _NO_SUM[:-1] + ", and of a mean NaN.",
    kind='        kind: ``"logsumexp"``, ``"mellowmax"`` or ``"boltzmann"``.\n',
)
def smooth_max(
    input: Tensor,
    dim: int | Sequence[int],
    keepdim: bool = False,
    *,
    kind: str = "logsumexp",
    sharpness: float = 1.0,
) -> Tensor:
    return _reduce("smooth_max", kind, input, dim, keepdim, sharpness)


@_documented("``log(sum(exp(k * x))) / k`` over dims, as ``torch.logsumexp`` for k = 1", _NO_SUM)
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, sharpness: float = 1.0) -> Tensor:
    return _reduce("logsumexp", "logsumexp", input, dim, keepdim, sharpness)


@_documented(
    "``log(mean(exp(k * x))) / k`` over dims, between the mean and the maximum",
    _NO_MEAN,
    "Asadi & Littman 2017, arXiv:1612.05628",
)
def mellowmax(input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, sharpness: float = 1.0) -> Tensor:
    return _reduce("mellowmax", "mellowmax", input, dim, keepdim, sharpness)


@_documented("``sum(x * softmax(k * x))`` over dims, the mean by Boltzmann's weights", _NO_MEAN)
def boltzmann(input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, sharpness: float = 1.0) -> Tensor:
    return _reduce("boltzmann", "boltzmann", input, dim, keepdim, sharpness)


def smooth_maximum(input: Tensor, other: Tensor, *, activation: str = "softplus", **parameters: float) -> Tensor:
    """``other + R(input - other)`` for a smooth ReLU R: a smooth maximum of two tensors, elementwise.

    With softplus of a beta, the default of 1 or another, it is the :func:`logsumexp` of the pair with that sharpness.
    It takes elementwise ops, and not one pass; 16-bit inputs are computed in float32. Infinities have their limits,
    equal ones too, whose gradient is all that of ``other``.

    Args:
        input, other: floating-point tensors of one dtype, of shapes that broadcast.
        activation: R, by any name that :meth:`Catalogue.resolve` knows; one that goes to 0 at -inf, with a slope of 1
            at inf.
        **parameters: of R, by its names.

    Returns:
        A tensor of the dtype of ``input``, of the shape that both broadcast to.

    Raises:
        NotImplementedError: a tensor is not strided float64, float32, bfloat16 or float16.
        RuntimeError: ``other`` is on another device, or the shapes do not broadcast.
        TypeError: the dtypes differ, or an argument is none that the activation has.
        ValueError: no such activation, one that is no smooth ReLU, or a parameter outside its domain.
    """
    op = "smooth_maximum"
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, Tensor):
            raise TypeError(f"{op}(): argument '{name}' must be Tensor, not {type(value).__name__}")
        check_strided(op, value, f"{name} is ")
        check_dtype(op, value, f"{name} is ")
    if other.dtype != input.dtype:
        raise TypeError(f"{op}: expected other to have the dtype of input ({input.dtype}), got {other.dtype}")
    if other.device != input.device:
        raise RuntimeError(f"{op}: expected other to be on the device of input ({input.device}), got {other.device}")
    name, values = resolve(op, activation, tuple(parameters.items()))
    check_relu(op, name)
    wide = torch.float64 if input.dtype == torch.float64 else torch.float32
    a, b = input.to(wide), other.to(wide)
    equal = torch.isinf(a) & (a == b)
    difference = torch.where(equal, 0.0, a - b)
    rise = getattr(torch.ops.smoothact, name).default(difference, *values)
    # From the greater on: the other may be -inf, or so low that the sum loses the difference.
    right = difference > 0
    correction = torch.where(torch.isinf(difference), 0.0, torch.where(right, rise - difference, rise))
    return (torch.where(right, a, b) + correction).to(input.dtype)


def check_relu(op: str, name: str) -> None:
    if name not in _relus():
        raise ValueError(f"{op}: activation must go to 0 at -inf and have a slope of 1 at inf, which {name} does not")


def _relus() -> frozenset[str]:
    return frozenset(
        d.name for d in catalogue.values() if tuple(d.slopes) == (0.0, 1.0) and tuple(d.limits) == (0.0, math.inf)
    )


# Dynamo cannot trace the catalogue.
check_relu._dynamo_marked_constant = True


class SmoothMax(nn.Module):
    """Applies :func:`smoothact.functional.smooth_max`.

    Args:
        dim: the dim, or several, to reduce.
        keepdim: whether they stay, with a size of 1.
        kind: ``"logsumexp"``, ``"mellowmax"`` or ``"boltzmann"``.
        sharpness: finite and not 0.

    Raises:
        TypeError: an argument is of another type.
        ValueError: another kind, or a sharpness that is 0 or not finite.
    """

    def __init__(
        self,
        dim: int | Sequence[int],
        keepdim: bool = False,
        *,
        kind: str = "logsumexp",
        sharpness: float = 1.0,
    ) -> None:
        super().__init__()
        check_kind(type(self).__name__, kind, sharpness)
        self.dim, self.keepdim = check_dim(type(self).__name__, dim), keepdim
        self.kind, self.sharpness = kind, sharpness

    def forward(self, input: Tensor) -> Tensor:
        return smooth_max(input, self.dim, self.keepdim, kind=self.kind, sharpness=self.sharpness)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, keepdim={self.keepdim}, kind={self.kind!r}, sharpness={self.sharpness}"
