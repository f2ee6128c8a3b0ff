# SPDX-License-Identifier: Apache-2.0
"""An activation's textbook `definition` and its derivatives in multiprecision, and errors in ulps.

Taylor arithmetic differentiates exactly (no expression swell, no step size) and arb, or else mpmath, which PyTorch
brings along, supplies the digits. Nothing here knows the kernels' stable forms.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ._taylor import Taylor

GUARD = 140  # bits by which a result must stand clear of rounding before it is believed
TINY = -1200  # results below 2**TINY count as zero: far under float64's smallest subnormal, 2**-1074
HUGE = 2000  # exp and tanh of what exceeds 2**HUGE, an exponential itself, are their limits


class Format(NamedTuple):
    """A binary format: significand bits, and the exponents of the smallest and the largest normal number."""

    precision: int
    emin: int
    emax: int


FORMATS = {
    "float64": Format(53, -1022, 1023),
    "float32": Format(24, -126, 127),
    "bfloat16": Format(8, -126, 127),
    "float16": Format(11, -14, 15),
}


class Multiprecision:
    """The field of mpmath's numbers at its current working precision."""

    def __init__(self) -> None:
        import mpmath

        self.mp = mpmath.mp

    def number(self, value: Fraction | int) -> Any:
        return self.mp.mpf(value.numerator) / value.denominator

    def pi(self) -> Any:
        return +self.mp.pi

    def call(self, name: str, argument: Any, *parameters: Any) -> Any:
        if name == "abs":
            return abs(argument)
        if name == "gammastar":
            return self.gammastar(argument, *parameters)
        if name in ("exp", "tanh") and argument and self.mp.mag(argument) > HUGE and (argument < 0 or name == "tanh"):
            return self.mp.mpf(0 if name == "exp" else self.sign(argument))
        if name in ("E1", "Ein"):
            return self.exponential_integral(name, argument)
        return getattr(self.mp, name)(argument)

    def exponential_integral(self, name: str, y: Any) -> Any:
        """E1(y), y > 0, or what is left of it without its logarithm: Ein(y) = E1(y) + gamma + log y."""
        mp = self.mp
        if name == "Ein" and y < 1:
            return y * mp.hyp2f2(1, 1, 2, 2, -y)
        e1 = mp.e1(y) if mp.mag(y) < HUGE else mp.mpf(0)
        return e1 if name == "E1" else e1 + mp.euler + mp.log(y)

    def gammastar(self, t: Any, shape: Any) -> Any:
        if t > 8 * self.mp.prec:  # P is 1
            return t**-shape
        return self.mp.hyp1f1(shape, shape + 1, -t) * self.mp.rgamma(shape + 1)

    def compare(self, relation: Callable[[Any, Any], bool], a: Any, b: Any) -> bool:
        return relation(a, b)

    def sign(self, value: Any) -> int:
        return (value > 0) - (value < 0)

    def where(self, condition: bool, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
        return a() if condition else b()


BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
COMPARE = {ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}
FUNCTIONS = ("exp", "log", "log1p", "sqrt", "tanh", "erf", "atan", "abs", "gamma", "E1", "Ein")


class Definition:
    """A parsed `definition`. At a kink the left branch holds, for `where(x > 0, …)` as for min and max."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text, mode="eval").body

    def __call__(self, x: Any, field: Any, **parameters: Any) -> Any:
        """The plain formula over the numbers of `field`, or over their Taylor series."""
        return self._walk(self.tree, field, {"x": x, **parameters})

    def derivatives(self, x: float, order: int = 2, tiny: int = TINY, **parameters: float) -> list[Any]:
        """[f(x), f'(x), …, f⁽ᵒʳᵈᵉʳ⁾(x)], each exact to 2**-GUARD relative or known to lie below 2**tiny."""
        if (proven := _proven()) and (values := proven(self, x, order, tiny, parameters)):
            return values
        mp = multiprecision().mp
        magnitude = 3 * max(0, math.frexp(x)[1])  # definitions cancel terms as large as x³
        precision, coarse = 256, None
        while True:
            with mp.workprec(precision):
                fine = self._taylor(x, order, parameters)
                if coarse is not None:
                    hidden = mp.ldexp(1, GUARD + magnitude - precision // 2)  # what coarse may have lost
                    if all(_settled(a, b, hidden, mp.ldexp(1, tiny), mp) for a, b in zip(coarse, fine, strict=True)):
                        return fine
            precision, coarse = 2 * precision, fine

    def _taylor(self, x: float, order: int, parameters: Mapping[str, float]) -> list[Any]:
        field = multiprecision()
        mpf = field.mp.mpf
        series = Taylor([mpf(x), mpf(1), *[mpf(0)] * order][: order + 1], field)
        value = self(series, field, **{name: mpf(p) for name, p in parameters.items()})
        if not isinstance(value, Taylor):  # a constant branch
            return [mpf(value), *[mpf(0)] * order]
        return [math.factorial(k) * c for k, c in enumerate(value.c)]

    def _walk(self, node: ast.expr, field: Any, names: Mapping[str, Any]) -> Any:
        walk = functools.partial(self._walk, field=field, names=names)
        match node:
            case ast.Constant(value=int(value)):
                return value
            case ast.Constant(value=float()):  # exact, from its decimal text
                return field.number(Fraction(ast.get_source_segment(self.text, node)))
            case ast.Name(id="pi"):
                return field.pi()
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -walk(operand)
            case ast.BinOp(op=op, left=left, right=right):
                return BINARY[type(op)](walk(left), walk(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return field.compare(COMPARE[type(op)], _value(walk(left)), _value(walk(right)))
            case ast.Call(func=ast.Name(id="where"), args=[condition, a, b]):
                return field.where(walk(condition), lambda: walk(a), lambda: walk(b))
            case ast.Call(func=ast.Name(id=("min" | "max") as name), args=[a, b]):
                a, b = walk(a), walk(b)
                beyond, behind = (operator.lt, operator.gt) if name == "min" else (operator.gt, operator.lt)
                tie = (_value(a) == _value(b)) & behind(_slope(a), _slope(b))
                return field.where(field.compare(beyond, _value(a), _value(b)) | tie, lambda: a, lambda: b)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in FUNCTIONS:
                value = walk(argument)
                return getattr(value, name)() if isinstance(value, Taylor) else field.call(name, value)
            case ast.Call(func=ast.Name(id="gammastar"), args=[shape, argument]):  # t^-s P(s, t), which is entire
                shape, value = walk(shape), walk(argument)
                return value.gammastar(shape) if isinstance(value, Taylor) else field.call("gammastar", value, shape)
        raise ValueError(f"definition {self.text!r}: {ast.unparse(node)!r} is outside the grammar")


def _settled(coarse: Any, fine: Any, hidden: Any, floor: Any, mp: Any) -> bool:
    if abs(fine) <= floor and hidden <= floor:
        return True
    return abs(coarse - fine) <= mp.ldexp(abs(fine), -GUARD) and abs(fine) >= hidden


def _value(operand: Any) -> Any:
    return operand.c[0] if isinstance(operand, Taylor) else operand


def _slope(operand: Any) -> Any:
    return operand.c[1] if isinstance(operand, Taylor) and len(operand.c) > 1 else 0


@functools.cache
def _proven() -> Callable[..., list[Any] | None] | None:
    """Arithmetic with error bounds, where python-flint is installed: ten times as fast."""
    try:
        from ._arb import derivatives
    except ImportError:
        return None
    return derivatives


@functools.cache
def multiprecision() -> Multiprecision:
    return Multiprecision()


def ulp(value: Any, dtype: str) -> float:
    """The spacing of `dtype` at the exact value; below the normal range, that of the subnormals."""
    precision, emin, emax = FORMATS[dtype]
    exponent = multiprecision().mp.frexp(value)[1] - 1 if value else emin
    return math.ldexp(1.0, min(max(exponent, emin), emax) - precision + 1)


def rounded(value: Any, dtype: str) -> float:
    """The exact value rounded to nearest, ties to even."""
    mp = multiprecision().mp
    precision, emin, emax = FORMATS[dtype]
    exponent = max(mp.frexp(value)[1], emin + 1) - precision if value else 0
    with mp.workprec(4 * GUARD):
        result = mp.ldexp(mp.nint(mp.ldexp(value, -exponent)), exponent)
        largest = mp.ldexp(2**precision - 1, emax - precision + 1)
        return float(result) if abs(result) <= largest else math.copysign(math.inf, value)


def ulp_error(computed: float, exact: Any, dtype: str) -> float:
    """|computed - exact| in ulps of the exact value; an infinity stands for the first number out of range."""
    mp = multiprecision().mp
    if math.isnan(computed):
        return math.inf
    edge = mp.ldexp(1, FORMATS[dtype].emax + 1)
    value = mp.mpf(computed) if math.isfinite(computed) else edge * math.copysign(1, computed)
    with mp.workprec(4 * GUARD):
        exact = max(-edge, min(edge, exact))
        return float(abs(value - exact) / ulp(exact, dtype))
