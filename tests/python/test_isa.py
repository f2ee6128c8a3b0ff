# SPDX-License-Identifier: Apache-2.0
"""Every built instruction set this CPU runs, chosen by ATEN_CPU_CAPABILITY: the contract, and agreement."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import smoothact
import torch
from smoothact.certificate import spacing
from support import DEFAULTS, HALF, ORDERS, WIDE, allowances, dtype_name, grid
from test_values import overflows

KNOWN = ["DEFAULT", "AVX2", "AVX512"]
BEST = torch.backends.cpu.get_cpu_capability()
RUNNABLE = KNOWN[: KNOWN.index(BEST) + 1] if BEST in KNOWN else []
ISAS = [isa for isa in RUNNABLE if isa in smoothact._C.built_isas()]
BOUNDS = (2.5, 4.0, 4.0)
# Ulps between instruction sets where one does not do: the default's emulated fma rounds twice, at one point of f'' and
# below the smallest subnormal.
APART = {("eswish", torch.float64): 2.0, ("smu1", torch.float64): 2.0}

CHILD = """
import sys, torch, smoothact
from support import DEFAULTS, DTYPES, grid
values = {
    (case.name, dtype, order): case.derivative(grid(case.name, dtype), order)
    for case in DEFAULTS for dtype in DTYPES for order in range(3)
}
torch.save((smoothact._C.cpu_capability(), values), sys.argv[1])
"""


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isa")
    path = os.pathsep.join([str(Path(smoothact.__file__).parents[1]), str(Path(__file__).parent)])
    results = {}
    for isa in ISAS:
        environment = {**os.environ, "PYTHONPATH": path, "ATEN_CPU_CAPABILITY": isa.lower()}
        target = folder / isa
        subprocess.run([sys.executable, "-c", CHILD, str(target)], env=environment, check=True, timeout=300)
        results[isa] = torch.load(target, weights_only=True)
    return results


def test_capability_is_honoured(computed):
    assert {isa: active for isa, (active, _) in computed.items()} == {isa: isa for isa in ISAS}


@pytest.mark.parametrize("dtype", WIDE, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_contract_and_agreement(case, dtype, computed):
    """Each within the contract, all within an ulp of each other (near own zeros, of the cancelling terms)."""
    points = grid(case.name, dtype).tolist()[::3]
    exact = [case.exact(p, 3) for p in points]
    for order, bound in enumerate(BOUNDS):
        apart = APART.get((case.name, dtype), 1.0)
        allowed, close = (allowances(points, exact, order, b, dtype_name(dtype)) for b in (bound, apart))
        results = [values[case.name, dtype, order].tolist()[::3] for _, values in computed.values()]
        for got in results:
            for p, y, e, limit in zip(points, got, exact, allowed, strict=True):
                assert abs(y - e[order]) <= limit or overflows(y, e[order], dtype), (ORDERS[order], p, y)
        for p, limit, *ys in zip(points, close, *results, strict=True):
            assert len(set(ys)) == 1 or max(ys) - min(ys) <= limit, (ORDERS[order], p, ys)


@pytest.mark.parametrize("dtype", HALF, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_agreement_in_16_bits(case, dtype, computed):
    for order in range(3):
        reference, *others = (values[case.name, dtype, order].double() for _, values in computed.values())
        for other in others:
            same = (other == reference) | ((other - reference).abs() <= spacing(reference, dtype))
            assert same.all(), ORDERS[order]
