# SPDX-License-Identifier: Apache-2.0
"""The numbers of csrc/math/mills_table.h: M(t)/sqrt(2 pi) = 2^k (1 + d), d a polynomial on each of sixteen segments.

The segments are the quarters of the octaves of 1 + t, which the last exponent bits of 2 + 2t count from 0. A
factor takes in d without the rounding of 1 + d, and since |d| < 2/3, the rounding of d itself counts little.
"""

from __future__ import annotations

from mills import SCALE, mills
from minimax import PRECISION, Problem, chebyshev, literal, machine_fit, remez
from mpmath import ldexp, log, mpf, nint

REACH = mpf("14.7")
DEGREE = 6
BITS = PRECISION["float"]


def ratio(t: mpf) -> mpf:
    return SCALE * mills(t)


def segment(index: int) -> tuple[mpf, mpf]:
    octave, quarter = divmod(index, 4)
    low, high = (ldexp(4 + quarter + step, octave - 2) - 1 for step in (0, 1))
    return low, min(high, REACH)


def fit(low: mpf, high: mpf, middle: mpf, power: int, degree: int) -> tuple[list[mpf], mpf]:
    powers = [lambda t, k=k: (t - middle) ** k for k in range(degree + 1)]
    points = chebyshev(low, high, 80)
    problem = Problem.of(points, powers, lambda t: ldexp(ratio(t), -power) - 1, lambda t: ldexp(1 / ratio(t), power))
    machine = machine_fit(problem, remez(problem), BITS)
    return machine, problem.error(machine)


def main() -> None:
    ends = [segment(i) for i in range(16)]
    middles = [(low + high) / 2 for low, high in ends]
    middles[-1] = mpf(14)  # of the whole quarter
    powers = [int(nint(log(ratio(c), 2) + mpf("0.08"))) for c in middles]
    rows = {"centre": middles, "power": [mpf(k) for k in powers]}
    fits = [fit(*s, c, k, DEGREE) for s, c, k in zip(ends, middles, powers, strict=True)]
    print(f"error {float(max(e for _, e in fits) * mpf(2) ** (BITS - 1)):.3f} epsilon")
    rows |= {f"of power {k}": [coefficients[k] for coefficients, _ in fits] for k in range(DEGREE + 1)}
    for name, row in rows.items():
        print(f"    // {name}\n    {{" + ", ".join(f"{literal(v)}f" for v in row) + "},")


if __name__ == "__main__":
    main()
