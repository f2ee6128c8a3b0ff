# SPDX-License-Identifier: Apache-2.0
"""float64 tensors that bound their own error: the textbook formula, and where it can be believed."""

from __future__ import annotations

import math

import torch

from smoothact._special import E1, Ein, gammastar
from smoothact._taylor import Taylor

U = 2.0**-51  # one elementary function's relative error, generously
SMALLEST = 2.0**-1074  # what an exponential may lose where it underflows
_INTEGRALS = {"E1": E1, "Ein": Ein}


class Ball:
    """v ± e, elementwise."""

    def __init__(self, v, e=0.0):
        self.v = torch.as_tensor(v, dtype=torch.float64)
        self.e = torch.as_tensor(e, dtype=torch.float64) + U * self.v.abs()

    def __neg__(self):
        return Ball(-self.v, self.e)

    def __add__(self, other):
        if isinstance(other, Taylor):
            return NotImplemented
        other = _ball(other)
        return Ball(self.v + other.v, self.e + other.e)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return _ball(other) + -self

    def __mul__(self, other):
        if isinstance(other, Taylor):
            return NotImplemented
        other = _ball(other)
        return Ball(self.v * other.v, self.v.abs() * other.e + other.v.abs() * self.e + self.e * other.e)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, Taylor):
            return NotImplemented
        other = _ball(other)
        v = self.v / other.v
        room = other.v.abs() - other.e
        return Ball(v, torch.where(room > 0, (self.e + v.abs() * other.e) / room, math.inf))

    def __rtruediv__(self, other):
        return _ball(other) / self

    def __pow__(self, n):
        return self if n == 1 else self * self ** (n - 1)

    # Comparisons are of x with constants: exact.
    def __gt__(self, other):
        return self.v > _ball(other).v

    def __lt__(self, other):
        return self.v < _ball(other).v

    def __ge__(self, other):
        return self.v >= _ball(other).v

    def __le__(self, other):
        return self.v <= _ball(other).v

    def __eq__(self, other):
        return self.v == _ball(other).v

    __hash__ = None


def _ball(value):
    return value if isinstance(value, Ball) else Ball(value)


class Balls:
    """The field for `Definition`: propagated errors by each function's derivative."""

    def number(self, value):
        return float(value)

    def pi(self):
        return math.pi

    def call(self, name, argument, *parameters):
        if not isinstance(argument, Ball):
            return getattr(math, name)(argument)
        if name == "gammastar":
            return _gammastar(argument, *parameters)
        a = argument
        v = (_INTEGRALS.get(name) or getattr(torch, name))(a.v)
        match name:
            case "E1":  # decreasing and convex
                steepest = (a.v - a.e).clamp(min=0)
                return Ball(v, 2.0**-44 * v + a.e * torch.exp(-steepest) / steepest)
            case "Ein":
                return Ball(v, 2.0**-44 * v + a.e)
            case "exp":
                return Ball(v, v * torch.expm1(a.e) + SMALLEST)
            case "log":
                return Ball(v, torch.where(a.e < a.v, -torch.log1p(-a.e / a.v), math.inf))
            case "log1p":
                room = 1 + a.v
                return Ball(v, torch.where(a.e < room, -torch.log1p(-a.e / room), math.inf))
            case "sqrt":
                return Ball(v, torch.where(a.v > a.e, a.e / v, a.e.sqrt()))
            case "tanh" | "atan" | "abs":
                return Ball(v, a.e)
            case "erf":
                return Ball(v, 1.13 * a.e)
        raise ValueError(name)

    def compare(self, relation, a, b):
        return relation(a, b)

    def sign(self, value):
        return Ball(value.v.sign())

    def where(self, condition, a, b):
        return _where(condition, a(), b())


def _gammastar(t, shape):
    """t^-s P(s, t) by torch's P, which is good to 1e-13; less than 1/t beside its own slope."""
    tiny = t.v < 1e-18
    above = torch.where(tiny, 1.0, t.v)
    v = torch.where(tiny, 1 / math.gamma(shape + 1), gammastar(shape, above))
    return Ball(v, v * (1e-12 + t.e))


def _where(condition, a, b):
    if isinstance(a, Taylor) or isinstance(b, Taylor):
        n = len((a if isinstance(a, Taylor) else b).c)
        a, b = ([*v.c] if isinstance(v, Taylor) else [v, *[0.0] * (n - 1)] for v in (a, b))
        return Taylor([_where(condition, p, q) for p, q in zip(a, b, strict=True)], Balls())
    a, b = _ball(a), _ball(b)
    return Ball(torch.where(condition, a.v, b.v), torch.where(condition, a.e, b.e))


def derivatives(definition, x: torch.Tensor, order: int = 2, **parameters) -> list[Ball]:
    """f, f', … of the definition over a tensor; the error bound is inf or nan where nothing is known."""
    series = Taylor(
        [Ball(x), *[Ball(torch.full_like(x, float(k == 0), dtype=torch.float64)) for k in range(order)]],
        Balls(),
    )
    series.c[0].e.zero_()
    value = definition(series, Balls(), **parameters)
    return [_ball(c) * math.factorial(k) for k, c in enumerate(value.c)]
