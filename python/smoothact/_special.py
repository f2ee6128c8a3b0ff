# SPDX-License-Identifier: Apache-2.0
"""What definitions may use and torch has not: the exponential integrals E1(y) = int_y^inf e^-t/t dt and
Ein(y) = E1(y) + gamma + log y, and the entire incomplete gamma function t^-s P(s, t).

In the tensor's own precision, and differentiable as often as torch's functions are.
"""

from __future__ import annotations

import math
from typing import Any

import torch

EULER = 0.5772156649015329
TERMS = 80  # of the continued fraction, which converges like exp(-4 sqrt(terms y))


def _series(y: torch.Tensor) -> torch.Tensor:
    """Ein for y <= 1: y - y^2/(2 2!) + y^3/(3 3!) - …"""
    total = torch.zeros_like(y)
    for k in range(20, 0, -1):
        total = y * ((-1) ** (k + 1) / (k * math.factorial(k)) + total)
    return total


def _fraction(y: torch.Tensor) -> torch.Tensor:
    """E1 for y >= 1: e^-y/(y + 1 - 1/(y + 3 - 4/(y + 5 - …)))."""
    total = y + (2 * TERMS + 1)
    for k in range(TERMS, 0, -1):
        total = (y + (2 * k - 1)) - k * k / total
    return torch.exp(-y) / total


def _value(y: torch.Tensor, entire: bool) -> torch.Tensor:
    near, far = y.clamp(max=1), y.clamp(min=1)
    rest = EULER + torch.log(far if entire else y)
    if entire:
        return torch.where(y < 1, _series(near), _fraction(far) + rest)
    return torch.where(y < 1, _series(near) - rest, _fraction(far))


class _Integral(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: torch.Tensor, entire: bool) -> torch.Tensor:
        ctx.save_for_backward(y)
        ctx.entire = entire
        return _value(y, entire)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (y,) = ctx.saved_tensors
        return grad * (-torch.expm1(-y) if ctx.entire else -torch.exp(-y)) / y, None


def E1(y: torch.Tensor) -> torch.Tensor:
    return _Integral.apply(y, False)


def Ein(y: torch.Tensor) -> torch.Tensor:
    return _Integral.apply(y, True)


def gammastar(shape: float, t: torch.Tensor) -> torch.Tensor:
    """t^-s P(s, t), P the regularised lower incomplete gamma function."""
    wide = t if t.dtype.itemsize > 2 else t.float()  # as torch's own functions do: the slope is a difference
    return (torch.special.gammainc(torch.full_like(wide, shape), wide) * wide**-shape).to(t.dtype)
