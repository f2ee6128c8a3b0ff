# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact doctor``: what was built, what is in use, and whether it computes the right thing."""

from __future__ import annotations

import argparse
import math
import platform
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

import smoothact
from smoothact import _C, _build
from smoothact.oracle import Definition
from smoothact.reference import defaults, derivatives

# Representable in 16 bits, off every kink, and where the textbook form is exact to about 1e-13 in float64.
POINTS = (-4.5, -3.0, -2.0, -1.0, -0.5, -0.125, 0.25, 0.5, 1.0, 2.0, 3.0, 4.5)
TOLERANCE = {torch.float64: 1e-11, torch.float32: 4e-6, torch.bfloat16: 1.6e-2, torch.float16: 2e-3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true", help="one line per activation")


def facts() -> Iterator[tuple[str, str]]:
    """Versions and capabilities, as label and text."""
    archs = ", ".join(_build.ARCHS)
    cuda = f"built with {_build.CUDA} for {archs}" if _build.CUDA else f"not built ({_build.CUDA_REASON})"
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    yield "smoothact", smoothact.__version__
    yield "torch", f"{torch.__version__}, built against {_build.TORCH}"
    yield "python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield "compiler", _build.COMPILER
    yield "cpu", f"built {', '.join(_C.built_isas())}; active {_C.cpu_capability()}"
    yield "cuda", f"{cuda}; torch has {torch.version.cuda or 'none'}; devices: {', '.join(devices) or 'none'}"
    yield "activations", f"{len(smoothact.catalogue)}, each with forward, backward and double backward"


def exact(descriptor: smoothact.Descriptor) -> tuple[Tensor, ...]:
    """f, f' and f'' of the textbook formula, in multiprecision."""
    definition = Definition(descriptor.definition)
    series = [definition.derivatives(p, 2, **defaults(descriptor)) for p in POINTS]
    return tuple(torch.tensor([[float(c) for c in s] for s in series], dtype=torch.float64).T)


def excess(function: Callable[[Tensor], Tensor], truth: tuple[Tensor, ...], dtype: torch.dtype, device: str) -> float:
    """The largest error of f, f' and f'', in units of the dtype's tolerance."""
    computed = derivatives(function, torch.tensor(POINTS, dtype=dtype, device=device))
    errors = [
        (ours.cpu().double() - exact).abs() / exact.abs().clamp(min=1)
        for ours, exact in zip(computed, truth, strict=True)
    ]
    return float(torch.stack(errors).nan_to_num(nan=math.inf).max()) / TOLERANCE[dtype]


def finding(name: str, device: str) -> str:
    """What is wrong with an activation; empty if nothing is."""
    function = getattr(smoothact.functional, name)
    truth = exact(smoothact.catalogue[name])
    dtype: torch.dtype
    try:
        for dtype in TOLERANCE:
            if not (off := excess(function, truth, dtype, device)) <= 1:
                return f"{dtype}: {off:.1f} times the tolerance away from the textbook"
    except Exception as error:  # a doctor does not stop at the first finding
        return f"{dtype}: {type(error).__name__}: {error}"
    return ""


def run(arguments: argparse.Namespace) -> int:
    for label, text in facts():
        print(f"{label:<12} {text}")
    healthy = True
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        findings = {name: finding(name, device) for name in smoothact.catalogue}
        ill = sum(map(bool, findings.values()))
        healthy &= not ill
        verdict = f"{ill} of {len(findings)} WRONG" if ill else f"all {len(findings)} agree with their textbook formula"
        print(f"{'check ' + device:<12} f, f', f'' in {len(TOLERANCE)} dtypes: {verdict}")
        for name, text in findings.items():
            if text or arguments.verbose:
                print(f"  {name:<10} {text or 'ok'}")
    return 0 if healthy else 1
