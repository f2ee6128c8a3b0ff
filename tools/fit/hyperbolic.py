# SPDX-License-Identifier: Apache-2.0
"""x - tanh x = x^3/d(x^2) and log cosh x = x^2 c(x^2) on [0, 1], atanh y = y + y^3 s(y^2) on [0, 1/3]."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, polynomial
from mpmath import atanh, cosh, log, mpf, sqrt, tanh


def divisor(u: mpf) -> mpf:
    x = sqrt(u)
    return x**3 / (x - tanh(x))


def log_cosh(u: mpf) -> mpf:
    return log(cosh(sqrt(u))) / u


def remainder(u: mpf) -> mpf:
    y = sqrt(u)
    return (atanh(y) - y) / y**3


def excess(u: mpf) -> mpf:
    """What the remainder joins in log(1 + w) - w/(1 + w), w = 2y/(1 - y), over 2y^3."""
    y = sqrt(u)
    return 1 / (y * (1 + y)) + remainder(u)


def main() -> None:
    for name, scalar, degrees in (
        ("coarse", "float", (2, 4, 2)),
        ("float", "float", (3, 6, 3)),
        ("double", "double", (8, 14, 9)),
    ):
        precision = PRECISION[scalar]
        points = chebyshev(mpf(2) ** -40, mpf(1), 200)
        polynomial(points, divisor, lambda u: 1 / divisor(u), degrees[0], precision).show(f"{name} d")
        polynomial(points, log_cosh, lambda u: 1 / log_cosh(u), degrees[1], precision).show(f"{name} c")
        points = chebyshev(mpf(2) ** -40, mpf(1) / 9, 200)
        polynomial(points, remainder, lambda u: 1 / excess(u), degrees[2], precision).show(f"{name} s")


if __name__ == "__main__":
    main()
