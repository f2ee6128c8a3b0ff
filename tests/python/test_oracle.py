# SPDX-License-Identifier: Apache-2.0
"""The judge is judged first: Taylor arithmetic against sympy, rounding against torch's casts."""

import math

import mpmath
import pytest
import smoothact
import sympy
import torch
from smoothact import oracle
from smoothact.oracle import FORMATS, Definition, rounded, ulp, ulp_error
from support import CASES, DEFAULTS, allowances, dtype_name


def symbolic(case):
    x = sympy.Symbol("x", real=True)
    names = {
        "x": x,
        "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
        "min": sympy.Min,
        "max": sympy.Max,
        "log1p": lambda value: sympy.log(1 + value),
        "abs": sympy.Abs,
        "gammastar": lambda s, t: t**-s * sympy.lowergamma(s, t) / sympy.gamma(s),
        "Ein": lambda value: sympy.expint(1, value) + sympy.EulerGamma + sympy.log(value),
        **{name: sympy.Rational(*value.as_integer_ratio()) for name, value in case.set_parameters.items()},
    }
    return x, sympy.sympify(case.definition.text, locals=names, rational=True)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_equal_symbolic_ones(case):
    x, expression = symbolic(case)
    for order in range(4):
        for point in (-7.25, -1.5, -0.09375, 0.3125, 2.625, 11.0):
            with mpmath.workdps(120):
                exact = case.exact(point, 3)[order]
                reference = expression.subs(x, sympy.Rational(point)).evalf(80)
                assert mpmath.almosteq(exact, mpmath.mpf(str(reference)), 1e-40, 1e-60), (order, point)
        expression = sympy.diff(expression, x)


@pytest.mark.parametrize("case", CASES)
def test_proven_values_are_the_settled_ones(case, monkeypatch):
    """arb's balls against mpmath at two precisions, tails included."""
    pytest.importorskip("flint", reason="python-flint is not installed")
    proven = oracle._proven()
    points = [s * p for s in (-1, 1) for p in (1e-30, 1e-3, 0.7, 3.0, 25.0, 1e4)]
    found = {p: proven(case.definition, p, 3, oracle.TINY, case.set_parameters) for p in points}
    assert sum(values is not None for values in found.values()) >= 8
    monkeypatch.setattr(oracle, "_proven", lambda: None)
    least, close = (mpmath.ldexp(1, e) for e in (oracle.TINY + 1, 2 - oracle.GUARD))
    for p, values in found.items():
        for a, b in zip(values or (), case.definition.derivatives(p, 3, **case.set_parameters), strict=bool(values)):
            assert abs(a - b) <= max(least, close * abs(b)), p


def test_undecided_comparisons_are_left_to_mpmath():
    pytest.importorskip("flint", reason="python-flint is not installed")
    tie = Definition("max(exp(log(x)), x)")  # equal, which no ball can show
    assert oracle._proven()(tie, 3.0, 1, oracle.TINY, {}) is None
    assert [float(v) for v in tie.derivatives(3.0, 1)] == [3, 1]
    assert oracle._proven()(Definition("1 / (x - 1)"), 1.0, 1, oracle.TINY, {}) is None
    with pytest.raises(ZeroDivisionError):
        Definition("1 / (x - 1)").derivatives(1.0, 1)


@pytest.mark.parametrize(
    ("definition", "x", "order", "value"),
    [
        ("x * (1 + erf(x / sqrt(2))) / 2", -30.0, 0, lambda: -30 * mpmath.erfc(30 / mpmath.sqrt(2)) / 2),
        ("x * tanh(log(1 + exp(x)))", -700.0, 0, lambda: -700 * mpmath.exp(-700)),
        ("log(1 + exp(x))", -1000.0, 1, lambda: mpmath.exp(-1000)),
        ("(x + sqrt(x**2 + 4)) / 2", -1e100, 0, lambda: mpmath.mpf(10) ** -100),
        ("tanh(x)", 200.0, 1, lambda: 4 * mpmath.exp(-400)),
        ("(1 + 2 * atan(x) / pi) / 2", -1e100, 0, lambda: 1 / (mpmath.pi * mpmath.mpf(1e100))),
        ("sqrt(log1p(exp(x)))", -1e6, 0, lambda: mpmath.exp(-500000)),
        ("exp(x) - 1", 1e-300, 0, lambda: mpmath.mpf(1e-300)),
        ("atan(exp(x))", -700.0, 1, lambda: mpmath.exp(-700)),
        ("x * tanh(exp(x))", 1e30, 0, lambda: mpmath.mpf(1e30)),
        ("exp(-exp(-x))", -1e30, 1, lambda: mpmath.mpf(0)),
        ("E1(exp(-x))", -1e30, 0, lambda: mpmath.mpf(0)),
        ("E1(exp(-x))", -6.0, 0, lambda: mpmath.e1(mpmath.exp(6))),
        ("E1(exp(-x))", 1e30, 0, lambda: mpmath.mpf(1e30)),
        ("Ein(exp(x))", -700.0, 0, lambda: mpmath.exp(-700)),
        ("Ein(exp(x))", -700.0, 1, lambda: mpmath.exp(-700)),
        ("Ein(exp(x))", 2.0, 0, lambda: mpmath.e1(mpmath.exp(2)) + mpmath.euler + 2),
        ("(1 + x * gammastar(1 / 2, x**2)) / 2", -30.0, 0, lambda: mpmath.erfc(30) / 2),
        ("(1 + x * gammastar(1 / 2, x**2)) / 2", -30.0, 1, lambda: mpmath.exp(-900) / mpmath.sqrt(mpmath.pi)),
        ("gamma(1 / 2) * gammastar(1 / 2, x)", 1e30, 0, lambda: mpmath.sqrt(mpmath.pi / mpmath.mpf(10) ** 30)),
    ],
)
def test_tails_survive_cancellation(definition, x, order, value):
    with mpmath.workdps(400):
        assert mpmath.almosteq(Definition(definition).derivatives(x, 1)[order], value(), 1e-15, 0)


@pytest.mark.parametrize(
    ("definition", "at_zero"),
    [
        ("where(x > 0, x, 0)", [0, 0, 0]),
        ("max(x, 0)", [0, 0, 0]),
        ("max(0, x)", [0, 0, 0]),
        ("min(x, 0)", [0, 1, 0]),
        ("x / (1 + abs(x))", [0, 1, 0]),
        ("x / (1 + abs(x)**3)", [0, 1, 0]),
        ("exp(abs(x)**2.0) * gammastar(1, x)", [1, -0.5, 7 / 3]),
        ("where(x > 0, x, 2.5 * (exp(x) - 1))", [0, 2.5, 2.5]),
    ],
)
def test_left_branch_holds_at_the_kink(definition, at_zero):
    assert [float(v) for v in Definition(definition).derivatives(0.0, 2)] == at_zero


def test_numbers_are_exact_decimals():
    assert Definition("0.1 * x").derivatives(1.0, 1)[1] != 0.1
    with mpmath.workdps(60):
        assert mpmath.almosteq(Definition("0.1 * x").derivatives(1.0, 1)[1], mpmath.mpf(1) / 10, 1e-40)


@pytest.mark.parametrize("text", ["__import__('os')", "x if x else 1", "sin(x)", "x @ x", "[x]", "x.real"])
def test_grammar_is_closed(text):
    with pytest.raises((ValueError, KeyError)):
        Definition(text).derivatives(1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=dtype_name)
def test_rounding_agrees_with_casts(dtype):
    precision, emin, _ = FORMATS[dtype_name(dtype)]
    scale = torch.cat([torch.linspace(emin - precision - 2, emin + 2, 500), torch.linspace(-14, 15.99, 500)])
    x = torch.rand(1000, dtype=torch.float64).add(0.5) * torch.exp2(scale.double())
    assert [rounded(mpmath.mpf(v), dtype_name(dtype)) for v in x.tolist()] == x.to(dtype).double().tolist()


def test_ulp_error():
    one, tiny = mpmath.mpf(1), mpmath.ldexp(1, -149)
    assert ulp(one, "float32") == 2.0**-23
    assert ulp(tiny, "float32") == ulp(mpmath.mpf(0), "float32") == 2.0**-149
    assert ulp_error(1 + 2.0**-52, one, "float64") == 1
    assert ulp_error(0.0, tiny * 0.75, "float32") == 0.75
    assert ulp_error(math.inf, mpmath.mpf(10) ** 400, "float64") == 0
    assert ulp_error(3.0e38, mpmath.mpf(10) ** 400, "float32") > 1e5
    assert ulp_error(math.nan, one, "float64") == math.inf


def test_allowance_opens_only_at_own_zeros():
    x = [-4.0, -2.0, -1.5, -1.0, -0.4, 0.5, 1.0, 2.0]
    silu = Definition("x / (1 + exp(-x))")
    widened = allowances(x, [silu.derivatives(p, 2) for p in x], 1, 0.0, "float64")
    assert [w > 0 for w in widened] == [False, True, True, True, False, False, False, False]
    tanh = Definition("tanh(x)")  # f'' changes sign at 0 without cancellation
    assert not any(allowances(x, [tanh.derivatives(p, 3) for p in x], 2, 0.0, "float64"))


@pytest.mark.parametrize("case", DEFAULTS)
def test_descriptor_says_what_the_definition_does(case):
    d = case.descriptor
    assert [case.limit(side) for side in (-1, 1)] == list(d.limits)
    assert [case.limit(side, 1) for side in (-1, 1)] == list(d.slopes)
    assert rounded(case.exact(0.0)[0], "float64") == d.value_at_zero
    for kink in d.kinks:
        left, right = (case.exact(kink + side * 2.0**-40)[1] for side in (-1, 1))
        assert abs(left - right) > 1e-3, f"f' does not jump at {kink}"
        held = right if kink in d.right_kinks else left
        assert abs(case.exact(kink)[1] - held) < 1e-9, "the left branch holds, or the right as said"
    assert set(d.right_kinks) <= set(d.kinks)
    assert bool(d.kinks) == (d.smoothness < 1)


def test_every_definition_is_read():
    assert set(smoothact.catalogue) == {case.name for case in DEFAULTS}
    assert len(CASES) > len(DEFAULTS)
