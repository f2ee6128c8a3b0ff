# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: B905  columns are of one length by construction
"""Weighted linear minimax fits in multiprecision whose coefficients are machine numbers.

A problem is a set of points, columns (the weighted basis functions on them) and a weighted target. `remez`
solves it over the reals; `machine_fit` then looks for the best *machine* coefficients as a closest-vector
problem. Rounding each coefficient alone costs several ulp, because it forgoes that their errors can cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mpmath import cos, fabs, frexp, ldexp, lu_solve, matrix, mp, mpf, nint, pi, qr

mp.prec = 200
PRECISION = {"float": 24, "double": 53}
Function = Callable[[mpf], mpf]


def dot(a: Sequence[mpf], b: Sequence[mpf]) -> mpf:
    return sum(x * y for x, y in zip(a, b))


def chebyshev(a: mpf, b: mpf, count: int) -> list[mpf]:
    """Points on [a, b], dense at both ends, where the error of a fit has its steepest extrema."""
    return [(a + b) / 2 - (b - a) / 2 * cos(pi * i / (count - 1)) for i in range(count)]


@dataclass
class Problem:
    """min over c of max over i of |target_i - sum_j c_j columns_ji|."""

    columns: list[list[mpf]]
    target: list[mpf]

    @classmethod
    def of(cls, points: Sequence[mpf], basis: Sequence[Function], target: Function, weight: Function) -> Problem:
        weights = [mpf(weight(x)) for x in points]
        columns = [[w * b(x) for x, w in zip(points, weights)] for b in basis]
        return cls(columns, [w * target(x) for x, w in zip(points, weights)])

    def residual(self, coefficients: Sequence[mpf]) -> list[mpf]:
        return [y - dot(coefficients, row) for y, *row in zip(self.target, *self.columns)]

    def error(self, coefficients: Sequence[mpf]) -> mpf:
        return max(map(fabs, self.residual(coefficients)))


def _alternation(residual: list[mpf], count: int) -> list[int]:
    """The largest extremum of every run of one sign, weakest ends dropped."""
    runs: list[int] = []
    for i, e in enumerate(residual):
        if runs and (residual[runs[-1]] > 0) == (e > 0):
            if fabs(e) > fabs(residual[runs[-1]]):
                runs[-1] = i
        elif e:
            runs.append(i)
    while len(runs) > count:
        runs.pop(0 if fabs(residual[runs[0]]) < fabs(residual[runs[-1]]) else -1)
    return runs


def remez(problem: Problem, rounds: int = 30) -> list[mpf]:
    n, last = len(problem.columns), len(problem.target) - 1
    reference = [round(last * i / n) for i in range(n + 1)]
    best: list[mpf] = []
    for _ in range(rounds):
        system = matrix([[c[i] for c in problem.columns] + [(-1) ** row] for row, i in enumerate(reference)])
        *best, level = lu_solve(system, matrix([problem.target[i] for i in reference]))
        residual = problem.residual(best)
        found = _alternation(residual, n + 1)
        if len(found) <= n or max(map(fabs, residual)) < fabs(level) * (1 + mpf(2) ** -16):
            break
        reference = found
    return best


def _reduce(vectors: list[list[mpf]]) -> tuple[list[list[mpf]], list[list[int]], list[list[mpf]]]:
    """LLL: short vectors of the lattice, the moves that make them, their Gram-Schmidt directions."""
    n = len(vectors)
    b, moves = [list(v) for v in vectors], [[int(i == j) for j in range(n)] for i in range(n)]
    q: list[list[mpf]] = [[] for _ in range(n)]

    def orthogonalise(k: int) -> None:
        q[k] = list(b[k])
        for u in q[:k]:
            mu = dot(b[k], u) / dot(u, u)
            q[k] = [x - mu * y for x, y in zip(q[k], u)]

    orthogonalise(0)
    k = 1
    while k < n:
        for j in reversed(range(k)):
            if m := int(nint(dot(b[k], q[j]) / dot(q[j], q[j]))):
                b[k] = [x - m * y for x, y in zip(b[k], b[j])]
                moves[k] = [x - m * y for x, y in zip(moves[k], moves[j])]
        orthogonalise(k)
        before = dot(q[k - 1], q[k - 1])
        if dot(q[k], q[k]) < (mpf(3) / 4 - (dot(b[k], q[k - 1]) / before) ** 2) * before:
            b[k - 1 : k + 1], moves[k - 1 : k + 1] = [b[k], b[k - 1]], [moves[k], moves[k - 1]]
            orthogonalise(k - 1)
            k = max(k - 1, 1)
        else:
            k += 1
    return b, moves, q


def machine_fit(problem: Problem, real: Sequence[mpf], precision: int) -> list[mpf]:
    """The fit of the given precision that is closest to the real one (LLL, then Babai's nearest plane)."""
    steps = [ldexp(mpf(1), frexp(c)[1] - precision) for c in real]
    _, triangle = qr(matrix([list(row) for row in zip(*problem.columns)]), mode="skinny")
    n = len(steps)
    vectors, moves, directions = _reduce([[triangle[i, j] * steps[j] for i in range(n)] for j in range(n)])
    rest = [sum(triangle[i, j] * real[j] for j in range(n)) for i in range(n)]
    count = [0] * n
    for v, q, move in reversed(list(zip(vectors, directions, moves))):
        k = int(nint(dot(rest, q) / dot(q, q)))
        rest = [a - k * b for a, b in zip(rest, v)]
        count = [c + k * m for c, m in zip(count, move)]
    best = [c * s for c, s in zip(count, steps)]
    # Babai minimises a sum of squares; single short moves from there lower the maximum.
    error, improved = problem.error(best), True
    while improved:
        improved = False
        for move in moves + [[-m for m in move] for move in moves]:
            trial = [c + m * s for c, m, s in zip(best, move, steps)]
            if (e := problem.error(trial)) < error * mpf(0.999):
                best, error, improved = trial, e, True
    return best


def epsilons(problem: Problem, machine: Sequence[mpf], precision: int) -> float:
    return float(problem.error(machine) * mpf(2) ** (precision - 1))


@dataclass
class Fit:
    """Machine coefficients of numerator and denominator, if any, and their error."""

    numerator: list[mpf]
    denominator: list[mpf]
    epsilons: float

    def show(self, name: str) -> None:
        print(f"{name}: error {self.epsilons:.3f} epsilon")
        for values in filter(None, (self.numerator, self.denominator)):
            print("    " + ", ".join(map(literal, values)))


def polynomial(points: Sequence[mpf], value: Function, weight: Function, degree: int, precision: int) -> Fit:
    problem = Problem.of(points, [lambda x, k=k: x**k for k in range(degree + 1)], value, weight)
    machine = machine_fit(problem, remez(problem), precision)
    return Fit(machine, [], epsilons(problem, machine, precision))


def quotient(points: Sequence[mpf], value: Function, weight: Function, degrees: tuple[int, int], precision: int) -> Fit:
    """p/q, q(0) = 1, from p - value q = 0: linear, with the weight divided by the q of the round before."""
    a, b = degrees
    values, weights = [value(x) for x in points], [weight(x) for x in points]
    q = [1 + x**b for x in points]
    for _ in range(8):
        w = [u / v for u, v in zip(weights, q)]
        columns = [[u * x**k for u, x in zip(w, points)] for k in range(a + 1)]
        columns += [[-u * y * x**k for u, y, x in zip(w, values, points)] for k in range(1, b + 1)]
        problem = Problem(columns, [u * y for u, y in zip(w, values)])
        real = remez(problem)
        q = [1 + sum(c * x**k for k, c in enumerate(real[a + 1 :], 1)) for x in points]
    machine = machine_fit(problem, real, precision)
    return Fit(machine[: a + 1], [mpf(1), *machine[a + 1 :]], epsilons(problem, machine, precision))


def nearest(value: mpf, precision: int) -> mpf:
    step = ldexp(mpf(1), frexp(value)[1] - precision)
    return nint(value / step) * step


def literal(value: mpf) -> str:
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{int(exponent)}"
