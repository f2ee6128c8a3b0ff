# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/expint.h: E1(y) = e^-y/(y + R(y)) beyond 1, Ein(y) = y - y^2/4 + y^3 r(y) before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from minimax import PRECISION, chebyshev, nearest, polynomial, quotient
from mpmath import e1, euler, exp, hyp2f2, mp, mpf

LOW, HIGH = mpf("0.99"), mpf("1.01")  # where they meet, and a little beyond


def ein(y: mpf) -> mpf:
    with mp.workprec(2 * mp.prec):
        return y * hyp2f2(1, 1, 2, 2, -y)


@cache
def remainder(y: mpf) -> mpf:
    return exp(-y) / e1(y) - y


@dataclass
class Format:
    name: str
    reach: float  # E1 of a larger argument is 0
    degree_far: tuple[int, int]
    degree_near: int

    @property
    def precision(self) -> int:
        return PRECISION[self.name]

    def far(self) -> None:
        # 1 - R falls from a third like 1/y; the weight is what an error of R makes of E1.
        points = [LOW + (self.reach - LOW) * u**4 for u in chebyshev(mpf(0), mpf(1), 240)]
        quotient(
            points, lambda y: 1 - remainder(y), lambda y: 1 / (y + remainder(y)), self.degree_far, self.precision
        ).show(f"{self.name} 1 - R")

    def near(self) -> None:
        points = chebyshev(mpf(0), HIGH, 200)[1:]
        polynomial(
            points,
            lambda y: (ein(y) - y + y * y / 4) / y**3,
            lambda y: y**3 / ein(y),
            self.degree_near,
            self.precision,
        ).show(f"{self.name} r")


if __name__ == "__main__":
    hi = nearest(+euler, PRECISION["double"])
    print(f"Euler's constant: {float(hi)!r}, {float(euler - hi)!r}")
    for f in (Format("float", 150, (3, 4), 4), Format("double", 1000, (9, 10), 9)):
        f.near()
        f.far()
