# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/mills.h: fractions for the normal tail Q, its density phi and M = Q/phi."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from minimax import PRECISION, chebyshev, literal, nearest, polynomial, quotient
from mpmath import erfc, exp, findroot, mpf, pi, sqrt

SCALE = 1 / sqrt(2 * pi)  # phi(0)
ROOT = mpf("0.75")


@cache
def mills(t: mpf) -> mpf:
    return sqrt(pi / 2) * exp(t * t / 2) * erfc(t / sqrt(mpf(2)))


@dataclass
class Format:
    name: str
    reach: float  # the density of a larger argument is 0
    near: float  # limit of the form near 0
    degree_far: tuple[int, int]
    degree_near: int
    degree_slope: tuple[int, int]
    degree_mills: tuple[int, int]

    @property
    def precision(self) -> int:
        return PRECISION[self.name]

    def points(self, low: float = 0) -> list[mpf]:
        """Dense at the low end, where everything happens."""
        return [low + (self.reach - low) * u**3 for u in chebyshev(mpf(0), mpf(1), 240)]

    def tail(self) -> None:
        # Far from 0, tQ = scale exp(-t^2/2) (1 - p/q): the fit takes up the error of the rounded scale.
        scale = nearest(SCALE, self.precision)
        print(f"{self.name} 1/sqrt(2 pi) and its error: {literal(scale)}, {literal(SCALE / scale - 1)}")
        far = quotient(
            self.points(self.near - 0.01),
            lambda t: 1 - SCALE / scale * t * mills(t),
            lambda t: 1 / (t * mills(t)),
            self.degree_far,
            self.precision,
        )
        far.show(f"{self.name} tail, far from 0")

        # Near 0, tQ = t/2 exp(-t^2/2) (1 - t p/q) with the same q.
        def q(t: mpf) -> mpf:
            return sum(c * t**k for k, c in enumerate(far.denominator))

        polynomial(
            chebyshev(mpf(0), mpf(self.near) + 0.01, 200)[1:],
            lambda t: (1 - 2 * SCALE * mills(t)) * q(t) / t,
            lambda t: t / q(t) / (2 * SCALE * mills(t)),
            self.degree_near,
            self.precision,
        ).show(f"{self.name} tail, near 0")

    def slope(self) -> None:
        scale = nearest(SCALE, self.precision)
        root = findroot(lambda t: mills(t) - t, ROOT)
        hi = nearest(root, self.precision)
        print(f"{self.name} root of M - t: {literal(hi)}, {literal(nearest(root - hi, self.precision))}")

        def factor(t: mpf) -> mpf:
            return SCALE * (mills(t) - t) / (root - t)

        fit = quotient(
            self.points(),
            lambda t: factor(t) - scale,
            lambda t: 1 / factor(t),
            self.degree_slope,
            self.precision,
        )
        fit.show(f"{self.name} slope")

    def mills(self) -> None:
        # M = 1/(t + 1/(t + N)), N = sqrt(pi/2) - t p/q: the weight is what an error of N makes of M and of 1 - tM.
        at_zero = sqrt(pi / 2)
        hi = nearest(at_zero, self.precision)
        print(f"{self.name} sqrt(pi/2): {literal(hi)}, {literal(nearest(at_zero - hi, self.precision))}")

        @cache
        def remainder(t: mpf) -> mpf:
            return mills(t) / (1 - t * mills(t)) - t

        def weight(t: mpf) -> mpf:
            denominator = 1 + t * (t + remainder(t))
            return t * (t + 1 / (t + remainder(t))) / denominator

        fits = {self.name: self.degree_mills, **({"coarse": (2, 3)} if self.name == "float" else {})}
        for name, degrees in fits.items():
            fit = quotient(self.points()[1:], lambda t: (at_zero - remainder(t)) / t, weight, degrees, self.precision)
            fit.show(f"{name} Mills")


if __name__ == "__main__":
    for f in (
        Format("float", 14.6, 0.7, (3, 5), 4, (3, 4), (4, 5)),
        Format("double", 39, 0.8, (8, 10), 10, (8, 9), (9, 10)),
    ):
        f.tail()
        f.slope()
        f.mills()
