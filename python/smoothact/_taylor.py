# SPDX-License-Identifier: Apache-2.0
"""Taylor arithmetic: truncated power series over any field, which differentiate exactly."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any


class Taylor:
    """A truncated power series c0 + c1·t + c2·t² + … over the numbers of `field`."""

    __slots__ = ("absolute_of", "c", "field")

    def __init__(self, coefficients: Sequence[Any], field: Any, absolute_of: Taylor | None = None) -> None:
        self.c, self.field, self.absolute_of = list(coefficients), field, absolute_of

    def _new(self, coefficients: Sequence[Any]) -> Taylor:
        return Taylor(coefficients, self.field)

    def __neg__(self) -> Taylor:
        return self._new([-a for a in self.c])

    def __add__(self, other: Any) -> Taylor:
        if isinstance(other, Taylor):
            return self._new(list(map(operator.add, self.c, other.c)))
        return self._new([self.c[0] + other, *self.c[1:]])

    __radd__ = __add__

    def __sub__(self, other: Any) -> Taylor:
        return self + (-other)

    def __rsub__(self, other: Any) -> Taylor:
        return -self + other

    def __mul__(self, other: Any) -> Taylor:
        if not isinstance(other, Taylor):
            return self._new([a * other for a in self.c])
        return self._new([_dot(self.c[: k + 1], other.c[k::-1]) for k in range(len(self.c))])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Taylor:
        if not isinstance(other, Taylor):
            return self._new([a / other for a in self.c])
        quotient: list[Any] = []
        for k, a in enumerate(self.c):
            quotient.append((a - _dot(quotient, other.c[k:0:-1]) if k else a) / other.c[0])
        return self._new(quotient)

    def __rtruediv__(self, other: Any) -> Taylor:
        return self._new([other, *[self.field.number(0)] * (len(self.c) - 1)]) / self

    def __pow__(self, exponent: Any) -> Taylor:
        if exponent in range(1, 33):  # whatever its type: the only powers that 0 has
            if self.absolute_of is not None and exponent in range(2, 33, 2):  # |x|^2 has no kink
                return self.absolute_of**exponent
            return functools.reduce(operator.mul, [self] * int(float(exponent)))
        return (self.log() * exponent).exp()

    def _integral(self, value: Any, slope: Taylor) -> Taylor:
        """The series y with y(0) = value and y' = slope · self'."""
        inner = [k * a for k, a in enumerate(self.c)][1:]
        rest = (_dot(inner[:k], slope.c[k - 1 :: -1]) / k for k in range(1, len(self.c)))
        return self._new([value, *rest])

    def _solution(self, value: Any, slope: Callable[[Taylor], Taylor]) -> Taylor:
        """The series y with y(0) = value and y' = slope(y) · self', order by order."""
        y = self._new([value])
        inner = [k * a for k, a in enumerate(self.c)][1:]
        for k in range(1, len(self.c)):
            y.c.append(_dot(inner[:k], slope(y).c[k - 1 :: -1]) / k)
        return y

    def exp(self) -> Taylor:
        return self._solution(self.field.call("exp", self.c[0]), lambda y: y)

    def log(self) -> Taylor:
        return self._integral(self.field.call("log", self.c[0]), 1 / self)

    def log1p(self) -> Taylor:
        return self._integral(self.field.call("log1p", self.c[0]), 1 / (1 + self))

    def sqrt(self) -> Taylor:
        return self._solution(self.field.call("sqrt", self.c[0]), lambda y: 1 / (2 * y))

    def tanh(self) -> Taylor:
        return self._solution(self.field.call("tanh", self.c[0]), lambda y: 1 - y * y)

    def erf(self) -> Taylor:
        slope = (-(self * self)).exp() * (2 / self.field.call("sqrt", self.field.pi()))
        return self._integral(self.field.call("erf", self.c[0]), slope)

    def atan(self) -> Taylor:
        return self._integral(self.field.call("atan", self.c[0]), 1 / (1 + self * self))

    def E1(self) -> Taylor:
        return self._integral(self.field.call("E1", self.c[0]), -(-self).exp() / self)

    def Ein(self) -> Taylor:
        return self._integral(self.field.call("Ein", self.c[0]), (1 - (-self).exp()) / self)

    def gammastar(self, shape: Any) -> Taylor:
        """Of this argument; the derivative is -s times that of the shape s + 1, which away from 0 follows from it."""
        value = self.field.call("gammastar", self.c[0], shape)
        if len(self.c) == 1:
            return self._new([value])
        if (self.c[0] > 1) is True:  # of tensors that is no truth
            density = (-self).exp() / self.field.call("gamma", shape + 1)
            return self._solution(value, lambda y: (density - y) * shape / self)
        return self._integral(value, self._new(self.c[:-1]).gammastar(shape + 1) * -shape)

    def abs(self) -> Taylor:
        return Taylor((self * self.field.sign(self.c[0])).c, self.field, absolute_of=self)  # 0 at the kink


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return functools.reduce(operator.add, map(operator.mul, a, b))
