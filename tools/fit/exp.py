# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/exp.h: e^r = 1 + r + r^2 g(r) on |r| <= ln(2)/2, 2^f = 1 + f h(f) on |f| <= 1/2,
and e^r = 1 + r + r^2/2 + r^3/6 + r^4 s(r) of the exponential in two terms. For e^r - 1 - r, g counts by itself."""

from __future__ import annotations

from minimax import PRECISION, Fit, Function, chebyshev, literal, nearest, polynomial
from mpmath import exp, log, mpf

# A little past 1/2: the multiple of ln(2) is rounded from a rounded product, so r strays over the edge.
HALF = mpf(1) / 2 * (1 + mpf(2) ** -15)
EDGE = log(mpf(2)) * HALF


def expm1_tail(degree: int, precision: int, weight: Function = lambda r: r**2 / exp(r)) -> Fit:
    points = chebyshev(-EDGE, EDGE, 200)
    return polynomial(points, lambda r: (exp(r) - 1 - r) / r**2, weight, degree, precision)


def exp2m1_over(degree: int) -> Fit:
    points = chebyshev(-HALF, HALF, 200)
    return polynomial(points, lambda f: (2**f - 1) / f, lambda f: f / 2**f, degree, PRECISION["float"])


def main() -> None:
    for scalar, degree in (("float", 4), ("double", 9)):
        precision, ln2 = PRECISION[scalar], log(mpf(2))
        hi = nearest(ln2, precision)
        constants = (nearest(v, precision) for v in (1 / ln2, hi, ln2 - hi))
        print(f"{scalar} 1/ln 2, ln 2 = hi + lo: " + ", ".join(map(literal, constants)))
        expm1_tail(degree, precision).show(f"{scalar} g")
    expm1_tail(2, PRECISION["float"]).show("coarse g")
    for name, degree in (("float", 5), ("coarse", 3)):
        exp2m1_over(degree).show(f"{name} h")
    for name, scalar, degree in (("coarse", "float", 3), ("float", "float", 5), ("double", "double", 10)):
        expm1_tail(degree, PRECISION[scalar], lambda r: r**2 / (exp(r) - 1 - r)).show(f"{name} g by itself")
    for scalar, degree in (("float", 3), ("double", 9)):
        points = chebyshev(-EDGE, EDGE, 200)
        value = lambda r: (exp(r) - 1 - r - r**2 / 2 - r**3 / 6) / r**4  # noqa: E731
        polynomial(points, value, lambda r: r**4 / exp(r), degree, PRECISION[scalar]).show(f"{scalar} s")


if __name__ == "__main__":
    main()
