# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/log.h: log(1 + e) = e + e^2 p(e) on [0, 1]."""

from __future__ import annotations

from minimax import PRECISION, chebyshev, polynomial
from mpmath import log1p, mpf


def main() -> None:
    for scalar, degree in (("float", 8), ("double", 19)):
        points = chebyshev(mpf(0), mpf(1), 400)[1:]
        p = polynomial(points, lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / log1p(e), degree, PRECISION[scalar])
        p.show(f"{scalar} p")


if __name__ == "__main__":
    main()
