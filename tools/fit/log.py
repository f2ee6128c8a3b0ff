# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/log.h: log(1 + e) = e + e^2 p(e) on [0, 1]."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, polynomial
from mpmath import log1p, mpf


def main() -> None:
    for name, scalar, degree, count in (
        ("float", "float", 8, 400),
        ("coarse", "float", 5, 200),
        ("double", "double", 19, 400),
    ):
        points = chebyshev(mpf(0), mpf(1), count)[1:]
        p = polynomial(points, lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / log1p(e), degree, PRECISION[scalar])
        p.show(f"{name} p")


if __name__ == "__main__":
    main()
