# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/erf.h: erf(x) = x (2/sqrt(pi) + x^2 p(x^2)) on [0, 3/4]."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, literal, nearest, polynomial
from mpmath import erf, mpf, pi, sqrt

SLOPE = 2 / sqrt(pi)


def ratio(s: mpf) -> mpf:
    return erf(sqrt(s)) / sqrt(s)


def main() -> None:
    points = chebyshev(mpf(0), mpf(9) / 16 * (1 + mpf(2) ** -10), 200)[1:]
    for name, scalar, degree in (("float", "float", 4), ("coarse", "float", 2), ("double", "double", 9)):
        precision = PRECISION[scalar]
        hi = nearest(SLOPE, precision)
        print(f"{name} 2/sqrt(pi) = hi + lo: {literal(hi)}, {literal(nearest(SLOPE - hi, precision))}")
        fit = polynomial(points, lambda s: (ratio(s) - SLOPE) / s, lambda s: s / ratio(s), degree, precision)
        fit.show(f"{name} p")


if __name__ == "__main__":
    main()
