# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/atan.h: atan(q) = q (1 + q^2 p(q^2)) on [0, 1], p to its own relative accuracy."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, polynomial
from mpmath import atan, fabs, mpf, sqrt


def tail(s: mpf) -> mpf:
    q = sqrt(s)
    return (atan(q) / q - 1) / s


def main() -> None:
    points = chebyshev(mpf(0), 1 + mpf(2) ** -10, 300)[1:]
    for name, scalar, degree in (("float", "float", 9), ("coarse", "float", 5), ("double", "double", 20)):
        polynomial(points, tail, lambda s: 1 / fabs(tail(s)), degree, PRECISION[scalar]).show(f"{name} p")


if __name__ == "__main__":
    main()
