# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/log.h: log(1 + e) = e + e^2 p(e) on [0, 1], and on [sqrt(1/2) - 1, sqrt(2) - 1] for log."""

from __future__ import annotations

from minimax import PRECISION, Fit, chebyshev, polynomial
from mpmath import fabs, log1p, mpf, sqrt

ROOT, STRAY = sqrt(mpf(2)), 1 + mpf(2) ** -10


def tail(low: mpf, high: mpf, degree: int, scalar: str, count: int) -> Fit:
    points = [e for e in chebyshev(low, high, count) if e]
    return polynomial(
        points, lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / fabs(log1p(e)), degree, PRECISION[scalar]
    )


def main() -> None:
    formats = (("float", "float", 8, 400), ("coarse", "float", 5, 200), ("double", "double", 19, 400))
    for name, scalar, degree, count in formats:
        tail(mpf(0), mpf(1), degree, scalar, count).show(f"{name} p")
    for name, scalar, degree in (("float", "float", 8), ("coarse", "float", 5), ("double", "double", 19)):
        tail((1 / ROOT - 1) * STRAY, (ROOT - 1) * STRAY, degree, scalar, 300).show(f"{name} p of log")


if __name__ == "__main__":
    main()
