# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/low_precision.h: shorter fits, for 17 digits (bfloat16) and 22 (half precision)."""

from __future__ import annotations

from mills import SCALE, mills
from minimax import chebyshev, polynomial, quotient
from mpmath import log, log1p, mpf

LN2 = log(mpf(2))


def exp2m1(degree: int) -> None:
    points = chebyshev(mpf(-0.51), mpf(0.51), 200)
    fit = polynomial(points, lambda f: (mpf(2) ** f - 1) / f, lambda f: f / (mpf(2) ** f - 1), degree, 24)
    fit.show(f"(2^f - 1)/f, degree {degree}")


def log1p_tail(degree: int) -> None:
    """p of log(1 + e) = e + e^2 p(e)."""
    points = chebyshev(mpf(0), mpf(1), 201)[1:]
    fit = polynomial(points, lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / log1p(e), degree, 24)
    fit.show(f"log1p tail, degree {degree}")


def normal_tail(reach: float, degrees: tuple[int, int]) -> None:
    """p/q of Q(t) = exp(-t^2/2) (1/2 - t p/q)."""
    points = [reach * u**3 for u in chebyshev(mpf(0), mpf(1), 241)[1:]]
    fit = quotient(
        points,
        lambda t: (mpf(1) / 2 - SCALE * mills(t)) / t,
        lambda t: t / (SCALE * mills(t)),
        degrees,
        24,
    )
    fit.show(f"normal tail to {reach}, degrees {degrees}")


def main() -> None:
    for degree in (3, 4):
        exp2m1(degree)
    for degree in (4, 6):
        log1p_tail(degree)
    normal_tail(13.6, (2, 3))
    normal_tail(5.7, (3, 3))


if __name__ == "__main__":
    main()
