# SPDX-License-Identifier: Apache-2.0
"""What a call costs before any arithmetic: 64 elements, ours against torch's own."""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from smoothact import functional
from tables import table
from timing import environment, headline, minima, save
from tqdm import tqdm

NAMES = ("mish", "silu", "softplus")


def candidates(name: str) -> dict[str, dict]:
    """Per situation, our call and torch's."""
    plain, tracked, grad = torch.randn(64), torch.randn(64, requires_grad=True), torch.randn(64)
    pair = {"smoothact": getattr(functional, name), "torch": getattr(F, name)}
    return {
        "without grad": {who: lambda f=f: f(plain) for who, f in pair.items()},
        "with grad": {who: lambda f=f: f(tracked) for who, f in pair.items()},
        "forward + backward": {
            who: lambda f=f: torch.autograd.grad(f(tracked), tracked, grad) for who, f in pair.items()
        },
    }


def measure(rounds: int) -> list[dict]:
    cells = [(name, *item) for name in NAMES for item in candidates(name).items()]
    rows = []
    for name, situation, calls in tqdm(cells, unit="cell", desc="call cost"):
        best = minima(calls, rounds)
        rows.append({"op": name, "situation": situation, **{who: 1e6 * t for who, t in best.items()}})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--save", action="store_true", help="into benchmarks/results")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(arguments.rounds)
    print("\n" + headline() + "; µs per call, 64 float32 elements\n")
    cells = [
        [
            r["op"],
            r["situation"],
            f"{r['smoothact']:.2f}",
            f"{r['torch']:.2f}",
            f"{r['smoothact'] / r['torch']:.2f}",
        ]
        for r in rows
    ]
    print(table(["op", "situation", "smoothact", "torch", "ratio"], cells))
    if arguments.save:
        save("calls.json", {"environment": environment(), "unit": "us per call"}, rows)


if __name__ == "__main__":
    main()
