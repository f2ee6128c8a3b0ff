# SPDX-License-Identifier: Apache-2.0
"""Forward pass on 262,144 elements, one thread, in ns per element: ours, torch eager, and a copy."""

from __future__ import annotations

import argparse
import functools
import math

import smoothact
import torch
from smoothact.reference import BUILTIN, textbook
from tables import table
from timing import environment, headline, minima, save
from tqdm import tqdm

SIZE = 2**18
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def measure(names: list[str], rounds: int) -> list[dict]:
    rows = []
    for name, (label, dtype) in tqdm([(n, d) for d in DTYPES.items() for n in names], unit="cell", desc="forward"):
        x = torch.randn(SIZE).to(dtype)
        ours = getattr(smoothact.functional, name)
        theirs = BUILTIN.get(name) or textbook(smoothact.catalogue[name])
        calls = {"smoothact": ours, "torch": theirs, "copy": torch.clone}
        best = minima({who: functools.partial(f, x) for who, f in calls.items()}, rounds)
        per_element = {who: 1e9 * seconds / SIZE for who, seconds in best.items()}
        rows.append({"op": name, "dtype": label, "built-in": name in BUILTIN, **per_element})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="activations; all by default")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", action="store_true", help="into benchmarks/results")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    rows = measure(arguments.names or list(smoothact.catalogue), arguments.rounds)
    print("\n" + headline())
    for dtype in DTYPES:
        chosen = [r for r in rows if r["dtype"] == dtype]
        cells = [
            [
                r["op"],
                f"{r['smoothact']:.3f}",
                f"{r['torch']:.3f}" + ("" if r["built-in"] else " *"),
                f"{r['copy']:.3f}",
                f"{r['torch'] / r['smoothact']:.2f}",
            ]
            for r in chosen
        ]
        gains = [math.log(r["torch"] / r["smoothact"]) for r in chosen if r["built-in"]]
        print(f"\n{dtype}, ns per element of {SIZE:,}\n")
        print(table([dtype, "smoothact", "torch eager", "copy", "torch / smoothact"], cells))
        if gains:
            print(f"\ngeometric mean over torch's built-ins: {math.exp(sum(gains) / len(gains)):.2f}")
    print("\n* no built-in: the textbook formula in torch operations")
    if arguments.save:
        save("forward.json", {"environment": environment(), "unit": "ns per element", "size": SIZE}, rows)


if __name__ == "__main__":
    main()
