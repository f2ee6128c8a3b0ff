# SPDX-License-Identifier: Apache-2.0
"""The oracle's fast arithmetic: arb's real balls, numbers that carry a proven bound on their own error.

Where python-flint is not installed, or a ball does not settle, the oracle computes with mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint
from mpmath.libmp import from_man_exp

from ._taylor import Taylor
from .oracle import GUARD, Definition, multiprecision

PRECISIONS = (192, 320, 640, 1536, 4096)


class Undecided(ArithmeticError):
    """Two balls overlap: at this precision neither number is known to be the larger."""


class Arb:
    """The field of arb's balls at flint's current working precision."""

    def number(self, value: Fraction | int) -> Any:
        return flint.arb(flint.fmpq(value.numerator, value.denominator))

    def pi(self) -> Any:
        return flint.arb.pi()

    def call(self, name: str, argument: Any, *parameters: Any) -> Any:
        argument = flint.arb(argument)
        match name:
            case "abs":
                return abs(argument)
            case "gammastar":
                return _gammastar(argument, *parameters)
            case "E1":
                return argument.expint(1)
            case "Ein" if argument < 1:
                return argument * (-argument).hypgeom([1, 1], [2, 2])
            case "Ein":
                return argument.expint(1) + argument.log() + flint.arb.const_euler()
        return getattr(argument, name)()

    def compare(self, relation: Callable[[Any, Any], bool], a: Any, b: Any) -> bool:
        a, b = flint.arb(a), flint.arb(b)
        if not (a < b or a > b or a == b):
            raise Undecided
        return relation(a, b)

    def sign(self, value: Any) -> int:
        zero = flint.arb(0)
        return self.compare(_greater, value, zero) - self.compare(_greater, zero, value)

    def where(self, condition: bool, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
        return a() if condition else b()


def _gammastar(t: Any, shape: Any) -> Any:
    if t > 40:  # where the upper function is the quicker one
        return t**-shape * (1 - t.gamma_upper(shape, regularized=1))
    return t.gamma_lower(shape, regularized=2)


def _greater(a: Any, b: Any) -> bool:
    return a > b


def derivatives(
    definition: Definition, x: float, order: int, tiny: int, parameters: Mapping[str, float]
) -> list[Any] | None:
    """[f(x), …, f⁽ᵒʳᵈᵉʳ⁾(x)] as mpmath's numbers, proven to 2**-GUARD relative or to lie below 2**tiny; else None."""
    field = Arb()
    series = [flint.arb(c) for c in (x, 1, *[0] * order)][: order + 1]
    values = {name: flint.arb(p) for name, p in parameters.items()}
    before = flint.ctx.prec
    try:
        for flint.ctx.prec in PRECISIONS:
            try:
                value = definition(Taylor(series, field), field, **values)
            except (Undecided, AttributeError):  # mpmath has functions that arb's Python has not
                continue
            balls = value.c if isinstance(value, Taylor) else [flint.arb(value), *[flint.arb(0)] * order]
            if all(c.rel_accuracy_bits() > GUARD or _below(c, tiny) for c in balls):
                return [_exact(math.factorial(k) * c) for k, c in enumerate(balls)]
    finally:
        flint.ctx.prec = before
    return None


def _below(ball: Any, tiny: int) -> bool:
    return abs(ball) < flint.arb(2) ** (tiny - 8)  # which leaves room for the factorial; false for a NaN


def _exact(ball: Any) -> Any:
    mantissa, exponent = ball.mid().man_exp()
    return multiprecision().mp.make_mpf(from_man_exp(int(mantissa), int(exponent)))
