# SPDX-License-Identifier: Apache-2.0
"""NaN, infinities, signed zeros, and results that must not depend on where a value sits."""

import math

import pytest
import smoothact
import torch
from smoothact.oracle import rounded
from smoothact.reference import derivatives, formula
from support import CASES, DEFAULTS, DTYPES, WIDE, dtype_name

FORMS = {"kernel": lambda case: case.derivative, "composite": lambda case: case.composite}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", CASES)
def test_nan_in_nan_out(case, dtype, form, device):
    x = torch.full((37,), math.nan, dtype=dtype, device=device)
    for order in range(3):
        assert FORMS[form](case)(x, order).isnan().all(), f"order {order}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", CASES)
def test_infinity_gives_the_limit(case, dtype, form, device):
    for side in (-1, 1):
        x = torch.full((37,), side * math.inf, dtype=dtype, device=device)
        for order in range(3):
            expected = torch.tensor(case.limit(side, order), dtype=torch.float64).to(dtype)
            got = FORMS[form](case)(x, order).cpu()
            torch.testing.assert_close(got, expected.expand(37), rtol=4 * torch.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("case", DEFAULTS)
def test_extremes_are_finite_where_the_definition_is(case, device):
    for dtype in DTYPES:
        for side in (-1, 1):
            x = torch.tensor([side * torch.finfo(dtype).max], dtype=dtype, device=device)
            for order, exact in enumerate(case.exact(x.item())):
                got = case.derivative(x, order).double().item()
                expected = rounded(exact, dtype_name(dtype))
                eps = torch.finfo(dtype).eps
                assert math.isclose(got, expected, rel_tol=4 * eps, abs_tol=eps), (dtype, order)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", CASES)
def test_sign_of_zero(case, dtype, device):
    value, slope = case.exact(0.0)[:2] if case.exact(0.0) else (1, 0)
    if value == 0 and slope > 0:
        y = case(torch.tensor([0.0, -0.0], dtype=dtype, device=device))
        assert y.tolist() == [0, 0] and y.signbit().tolist() == [False, True]


def zero_parameters():
    """Calls at a parameter of -0, of any that may be 0; acon_c's p1 - p2 and beta make one of others."""
    for d in smoothact.catalogue.values():
        for p in d.parameters:
            if p.domain in ("real", "nonnegative") and p.default is not None:
                yield d, {q.name: -0.0 if q is p else q.default for q in d.parameters}
        if d.name == "acon_c":
            yield d, {"p1": 0.5, "p2": 0.5, "beta": -0.3}


@pytest.mark.parametrize("form", ["numbers", "tensors"])
@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize(("descriptor", "parameters"), list(zero_parameters()), ids=lambda v: getattr(v, "name", "at"))
def test_a_parameter_of_minus_zero_is_one_of_zero(descriptor, parameters, form, dtype, device):
    x = torch.tensor([-90.0, -3.0, -0.5, 0.25, 2.0, 60.0], dtype=dtype, device=device)
    textbook = formula(descriptor.definition, **{n: 0.0 if v == 0 else v for n, v in parameters.items()})
    exact = derivatives(textbook, x.double())
    given = parameters if form == "numbers" else {n: torch.tensor(v, device=device) for n, v in parameters.items()}
    got = derivatives(lambda x: getattr(smoothact.functional, descriptor.name)(x, **given), x)
    for order, (a, b) in enumerate(zip(got, exact, strict=True)):
        known = b.isfinite()
        assert torch.allclose(a[known].double(), b[known], rtol=1e-5, atol=1e-6), f"order {order}"


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_position_and_tail_do_not_matter(case, dtype, device):
    x = (torch.randn(300, device=device) * 4).to(dtype)
    for order in range(3):
        whole = case.derivative(x, order)
        for start in (0, 1, 2, 3, 5, 8, 13):
            for length in (1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 65, 127, 200):
                part = case.derivative(x[start : start + length], order)
                assert torch.equal(part, whole[start : start + length]), (order, start, length)


@pytest.mark.parametrize("dtype", DTYPES, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_stride_does_not_matter(case, dtype, device):
    x = (torch.randn(64, 70, device=device) * 4).to(dtype)
    for order in range(3):
        whole = case.derivative(x, order)
        for view in (lambda t: t[:, ::2], lambda t: t[::3], lambda t: t.t()[5:], lambda t: t[:, 3:40:5]):
            assert torch.equal(case.derivative(view(x), order), view(whole))


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_threads_do_not_matter(case, dtype):
    x = torch.randn(3 * 2**16 + 5, dtype=dtype) * 4
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append([case.derivative(x, order) for order in range(3)])
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))
