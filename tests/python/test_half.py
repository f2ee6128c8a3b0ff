# SPDX-License-Identifier: Apache-2.0
"""bf16 and fp16 over all 65,536 inputs.

The textbook formula in float64 with an error bound judges wherever the bound is a small part of a 16-bit ulp;
elsewhere (tails, overflow, cancellation) multiprecision judges a sample.
"""

import pytest
import torch
from smoothact import enclosure
from smoothact.certificate import spacing
from support import DEFAULTS, HALF, ORDERS, dtype_name

ULPS = 0.51
# Share of correctly rounded results. The second derivative of a sigmoid, -x/8 + x^3/48, is a near tie for many a
# subnormal x: more than float32 can tell.
ROUNDED = (0.9995, 0.9995, 0.99)
MISSES = {("sigmoid", torch.float16, "cuda"): (0.9995, 0.9995, 0.989)}
SAMPLE = 250


@pytest.mark.parametrize("dtype", HALF, ids=dtype_name)
@pytest.mark.parametrize("case", DEFAULTS)
def test_every_input(case, dtype, device):
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    x = x[x.isfinite()]
    reference = enclosure.derivatives(case.definition, x.double(), 3, **case.set_parameters)
    for order in range(3):
        got = case.derivative(x.to(device), order).cpu()
        assert got.dtype == dtype and not got.isnan().any()
        v, e = reference[order].v.clone(), reference[order].e
        trusted = e <= 0.002 * spacing(v, dtype)
        doubtful = torch.nonzero(~trusted).flatten()
        sample = doubtful[:: max(1, len(doubtful) // SAMPLE)]
        exact = [case.exact(p, 3) for p in x[sample].tolist()]
        v[sample] = torch.tensor([float(e[order]) for e in exact], dtype=torch.float64)
        trusted[sample] = True
        slope = reference[order + 1].v.nan_to_num(0, 0, 0)
        unit = spacing(v, dtype)
        # The fp32 arithmetic below: near a zero of its own f' or f'' keeps 2 ulps of the terms that cancel.
        wide = 2 * torch.finfo(torch.float32).eps * (x.double() * slope).abs()
        limit = torch.maximum(ULPS * unit, unit / 2 + wide)
        error = (got.double() - v).abs()
        right = (got == v.to(dtype)) & trusted
        wrong = torch.nonzero(trusted & ~right & ~(error <= limit)).flatten()
        assert not len(wrong), [
            f"{ORDERS[order]}({p!r}) = {y!r}, not {e!r}"
            for p, y, e in zip(*(t[wrong[:8]].tolist() for t in (x, got, v)), strict=True)
        ]
        share = MISSES.get((case.name, dtype, device), ROUNDED)[order]
        assert right.sum() >= share * trusted.sum(), (
            f"order {order}: {(trusted & ~right).sum()} of {trusted.sum()} misrounded"
        )


@pytest.mark.parametrize("case", DEFAULTS)
def test_float16_is_float32_rounded_once(case, device):
    if device == "cuda":
        pytest.skip("CUDA's 16-bit kernels have an arithmetic of their own")
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(torch.float16).to(device)
    for order in range(3):
        wide = case.derivative(x.float(), order).half()
        assert torch.equal(wide.nan_to_num(7), case.derivative(x, order).nan_to_num(7))
