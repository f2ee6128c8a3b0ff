# SPDX-License-Identifier: Apache-2.0
"""What the kernels are compared with: the textbook formula in torch operations, and torch's own built-in.

Neither shares code with the kernels: the formula is the descriptor's ``definition``, the built-in is torch's.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from ._catalogue import catalogue
from ._special import E1, Ein, gammastar

Function = Callable[..., Any]


def _either(of_tensor: Function, of_number: Function) -> Function:
    """A function of a formula, applied to a tensor or to a constant of the formula."""

    def apply(value: Any) -> Any:
        return of_tensor(value) if isinstance(value, torch.Tensor) else of_number(value)

    return apply


def _tensors(of_tensors: Function) -> Function:
    """minimum and maximum take no Python numbers: give them the dtype of the tensor beside them."""

    def apply(a: Any, b: Any) -> Any:
        like = a if isinstance(a, torch.Tensor) else b
        return of_tensors(torch.as_tensor(a).to(like), torch.as_tensor(b).to(like))

    return apply


_VOCABULARY: dict[str, Any] = {
    "pi": math.pi,
    "exp": _either(torch.exp, math.exp),
    "log": _either(torch.log, math.log),
    "log1p": _either(torch.log1p, math.log1p),
    "sqrt": _either(torch.sqrt, math.sqrt),
    "tanh": _either(torch.tanh, math.tanh),
    "erf": _either(torch.erf, math.erf),
    "atan": _either(torch.atan, math.atan),
    "E1": E1,
    "Ein": Ein,
    "abs": abs,
    "gamma": math.gamma,
    "gammastar": gammastar,
    "where": torch.where,
    "min": _tensors(torch.minimum),
    "max": _tensors(torch.maximum),
}

_GRAMMAR = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


def formula(definition: str, **parameters: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """The textbook formula as a function of a tensor: one torch operation per symbol, as typed."""
    tree = ast.parse(definition, mode="eval")
    names = {"x", *_VOCABULARY, *parameters}
    for node in ast.walk(tree):
        if not isinstance(node, _GRAMMAR):
            raise ValueError(f"{type(node).__name__} is outside the grammar of definitions: {definition!r}")
        if isinstance(node, ast.Name) and node.id not in names:
            raise ValueError(f"unknown name {node.id!r} in the definition {definition!r}")
    arguments = ", ".join(["x", *parameters])
    function = eval(f"lambda {arguments}: {ast.unparse(tree)}", dict(_VOCABULARY))  # only the grammar gets here
    return lambda x: function(x, **parameters)


def defaults(descriptor: Any) -> dict[str, float]:
    """Default value of every parameter that has one (an optional parameter that is off has none)."""
    return {p.name: p.default for p in descriptor.parameters if p.default is not None}


def textbook(descriptor: Any, **parameters: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """The descriptor's definition in torch operations, at its default parameters unless given."""
    return formula(descriptor.definition, **{**defaults(descriptor), **parameters})


BUILTIN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    **{name: getattr(F, name) for name in catalogue if hasattr(F, name)},
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}
"""torch's own function, at default parameters, of every activation that torch has as one operation."""


def derivatives(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, order: int = 2
) -> tuple[torch.Tensor, ...]:
    """f, f' and, at order 2, f'' at every element of x, by autograd."""
    x = x.detach().requires_grad_()
    y = function(x)
    (dy,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    if order == 1:
        return y.detach(), dy.detach()
    if not dy.requires_grad:
        return y.detach(), dy, torch.zeros_like(x)
    (d2y,) = torch.autograd.grad(dy.sum(), x, allow_unused=True)
    return y.detach(), dy.detach(), torch.zeros_like(x) if d2y is None else d2y
