# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/exp.h: e^r = 1 + r + r^2 g(r) on |r| <= ln(2)/2."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, literal, nearest, polynomial
from mpmath import exp, log, mpf

# A little past ln(2)/2: the multiple of ln(2) is rounded from a rounded product, so r strays over the edge.
EDGE = log(mpf(2)) / 2 * (1 + mpf(2) ** -15)


def main() -> None:
    for scalar, degree in (("float", 4), ("double", 9)):
        precision, ln2 = PRECISION[scalar], log(mpf(2))
        hi = nearest(ln2, precision)
        constants = (nearest(v, precision) for v in (1 / ln2, hi, ln2 - hi))
        print(f"{scalar} 1/ln 2, ln 2 = hi + lo: " + ", ".join(map(literal, constants)))
        points = chebyshev(-EDGE, EDGE, 200)
        g = polynomial(points, lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / exp(r), degree, precision)
        g.show(f"{scalar} g")


if __name__ == "__main__":
    main()
