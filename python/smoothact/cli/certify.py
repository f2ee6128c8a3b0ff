# SPDX-License-Identifier: Apache-2.0
"""``python -m smoothact certify``: the accuracy of every function, and torch's beside it, as a table."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict
from pathlib import Path

import torch

import smoothact
from smoothact._machine import environment, sentence
from smoothact._report import save
from smoothact.cli import need

TITLES = {
    "functions": "Certificate",
    "gates": "Certificate of the gates",
    "parameters": "Certificate of the derivatives by parameters",
}
JUDGED = {
    "functions": ("float64", "float32", "bfloat16", "float16"),
    "gates": ("float32", "bfloat16", "float16"),
    "parameters": ("float32",),
}
DTYPES = ("float64", "float32", "bfloat16", "float16")

EXPLAINED = {
    "functions": [
        "Errors in units in the last place against the textbook formula, away from zeros of the function itself other",
        "than x = 0, and the x of the worst; of the 16-bit formats, every input.",
    ],
    "gates": [
        "y = f(gate) up and its gradients by both, for factors from 1/64 to 64: errors in units in the last place",
        "against the textbook formula, away from zeros of f and f' other than 0 and where these are above 2^-120",
        "(2^-111 in 16 bits) and below 2^122, and the gate of the worst; of the 16-bit formats, every gate.",
        "",
        "Products of 16-bit factors often lie in the middle between two numbers of the format, or closer to it",
        "than 2^-22 of themselves, where float32 arithmetic does not know the side: mish'(0) = 3/5 times such a",
        "product is a tie for one in a hundred. These near ties count in the worst error; the share of the correctly",
        "rounded is that of all others.",
    ],
    "parameters": [
        "What one element adds to a parameter's gradient, rounded to float32: errors in units in the last place",
        "against the textbook formula, and the x of the worst. On the CPU the sum of n such terms is computed in",
        "double: beside theirs its error is below n 2^-53 of the sum of magnitudes. CUDA computes them for their sum",
        "alone. Where f is a constant but for what a double cannot tell from it, so is its derivative 0: the worst of",
        "thousands of ulps and more are of such terms, which are nothing beside f.",
    ],
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("names", nargs="*", metavar="NAME", help="activations (all)")
    option("--dtype", action="append", choices=DTYPES, help="again for more than one (all)")
    option("--device", default="cpu", help="cpu or cuda (%(default)s)")
    option("--points", type=int, default=400_000, metavar="N", help="of float32 (%(default)s)")
    option("--hard", type=int, default=1_000, metavar="N", help="judged in multiprecision (%(default)s)")
    option("--of", choices=tuple(TITLES), default="functions", help="what to measure (%(default)s)")
    option("--exhaustive", action="store_true", help="float32 at all 2**32 inputs: hours per function")
    option("--output", type=Path, metavar="FOLDER", help="writes certificate.md and certificate.json there")


def ulps(worst: float | None, at: float | None) -> str:
    if worst is None:
        return "-"
    size = "∞" if math.isinf(worst) else f"{worst:.2f}" if worst < 100 else f"{worst:.0e}"
    return f"{size} at {at:.4g}"


def share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.3f} %"


def table(rows: list, dtype: str) -> str:
    """Markdown: a line per function and order."""
    rows = [row for row in rows if row.dtype == dtype]
    columns = {"worst ulp": [ulps(r.worst, r.at) for r in rows]}
    if any(r.torch_worst is not None for r in rows):
        columns["torch's worst"] = [ulps(r.torch_worst, r.torch_at) for r in rows]
    if dtype in ("bfloat16", "float16"):
        columns["correctly rounded"] = [share(r.rounded) for r in rows]
        if any(r.torch_rounded is not None for r in rows):
            columns["torch's"] = [share(r.torch_rounded) for r in rows]
        if any(r.ties is not None for r in rows):
            columns["near ties"] = [share(r.ties) for r in rows]
    lines = ["| | | " + " | ".join(columns) + " |", "|---|---|" + "--:|" * len(columns)]
    for row, *cells in zip(rows, *columns.values(), strict=True):
        lines.append(f"| `{row.op}` | {row.order} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    if missing := need("tqdm", extra="plot"):
        print(missing)
        return 1
    from tqdm import tqdm

    from smoothact.certificate import ALL, certify
    from smoothact.network_certificate import certify_gates, certify_parameters

    try:
        resolve = smoothact.catalogue.resolve
        names = [resolve(name).at_defaults().name for name in arguments.names] or list(smoothact.catalogue)
        torch.zeros(1, device=arguments.device)
    except (ValueError, RuntimeError, AssertionError) as problem:
        print(str(problem).splitlines()[0])
        return 2
    if min(arguments.points, arguments.hard) < 8:
        print("--points and --hard must be at least 8.")
        return 2
    if arguments.exhaustive and arguments.dtype and "float32" not in arguments.dtype:
        print("--exhaustive is of float32; of the 16-bit formats every input is measured anyway.")
        return 2
    if arguments.of != "functions" and arguments.exhaustive:
        print("--exhaustive is of functions.")
        return 2
    if unknown := set(arguments.dtype or ()) - set(JUDGED[arguments.of]):
        print(f"--of {arguments.of} is of {', '.join(JUDGED[arguments.of])}, not {', '.join(sorted(unknown))}.")
        return 2
    if arguments.of == "parameters":
        names = [name for name in names if any(p.default is not None for p in smoothact.catalogue[name].parameters)]
        if not names:
            print("There are no parameters.")
            return 2
    dtypes = arguments.dtype or (["float32"] if arguments.exhaustive else list(DTYPES))
    bits = ALL if arguments.exhaustive else None
    torch.set_num_threads(1)
    formats, device, hard = [getattr(torch, d) for d in dtypes], arguments.device, arguments.hard
    if arguments.of == "gates":
        rows = certify_gates(names, formats, device, arguments.points, hard, tqdm)
    elif arguments.of == "parameters":
        rows = certify_parameters(names, device, hard, tqdm)
    else:
        rows = certify(names, formats, device, arguments.points, hard, tqdm, bits)
    dtypes = [d for d in dtypes if d in {row.dtype for row in rows}]
    about = environment(arguments.device)
    text = [f"# {TITLES[arguments.of]}", "", sentence(about), "", *EXPLAINED[arguments.of]]
    for dtype in dtypes:
        text += ["", f"## {dtype}", "", table(rows, dtype)]
        if bits and dtype == "float32":
            text += ["", *(f"`{r.op}` {r.order}: {r.points:,} inputs judged, {r.unjudged:,} not." for r in rows)]
    print("\n".join(text))
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / "certificate.md").write_text("\n".join(text) + "\n")
        save(arguments.output / "certificate.json", about, [asdict(row) for row in rows])
    return 0
