# SPDX-License-Identifier: Apache-2.0
"""Chooses what torch.compile does with each op: take it apart and fuse it, or call our kernel.

Every op is compiled three ways (our formula fused, our kernel, torch's own op or else the textbook formula)
in several neighbourhoods, with shapes left open and at two sizes, forward alone and with backward. The mode with
the smaller geometric mean wins, unless only the other one keeps up with torch's own op everywhere. The choice goes to
python/smoothact/compile_policy.json, the figures it came from to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

import smoothact
import torch
import torch._functorch.config
import torch.nn.functional as F
from smoothact._machine import environment
from smoothact._report import save, table
from smoothact.bench.timing import keep_freed_memory, minima
from smoothact.reference import BUILTIN, textbook
from torch import Tensor
from tqdm import tqdm

POLICY = Path(__file__).parents[1] / "python/smoothact/compile_policy.json"
RESULTS = Path(__file__).parent / "results"
MODES = {"fuse": "fuse", "kernel": "default"}
SIZES = {"small": 2**12, "large": 2**20}
HIDDEN, WIDTH = 1024, 256
SLACK = 1.03  # what two runs of the same code differ by

Activation = Callable[[Tensor], Tensor]
NEIGHBOURHOODS: dict[str, Callable[[Activation], Callable[..., Tensor]]] = {
    "alone": lambda f: lambda x: f(x),
    "gate": lambda f: lambda x, u: f(x) * u,
    "mlp": lambda f: lambda x, w, b, v: F.linear(f(F.linear(x, w, b)), v),
}


def inputs(neighbourhood: str, size: int, device: str, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Leaves of the neighbourhood; ``size`` elements reach the activation."""
    rows = size // HIDDEN
    shapes = {
        "gate": [(rows, HIDDEN)] * 2,
        "mlp": [(rows, WIDTH), (HIDDEN, WIDTH), (HIDDEN,), (WIDTH, HIDDEN)],
    }.get(neighbourhood, [(rows, HIDDEN)])
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(s, generator=generator).to(device, dtype).requires_grad_() for s in shapes)


def contestants(name: str) -> dict[str, Activation]:
    """The three ways; the overload is named outright, so that no mode has to be held while timing."""
    packet = getattr(torch.ops.smoothact, name)
    ours = {mode: getattr(packet, overload) for mode, overload in MODES.items()}
    ways: dict[str, Activation] = {mode: lambda x, op=op: op(x) for mode, op in ours.items()}
    ways["torch"] = BUILTIN.get(name) or textbook(smoothact.catalogue[name])
    return ways


def call(compiled: Callable, leaves: tuple[Tensor, ...], backward: bool) -> Callable[[], object]:
    if not backward:
        leaves = tuple(leaf.detach() for leaf in leaves)
        return lambda: compiled(*leaves)
    grad = torch.ones_like(compiled(*leaves))
    return lambda: torch.autograd.grad(compiled(*leaves), leaves, grad)


def measure(name: str, device: str, dtype: torch.dtype, rounds: int, bar: tqdm) -> list[dict]:
    rows = []
    for place, surround in NEIGHBOURHOODS.items():
        for backward in (False, True):
            torch.compiler.reset()
            compiled = {
                way: torch.compile(surround(f), fullgraph=True, dynamic=True) for way, f in contestants(name).items()
            }
            for label, size in SIZES.items():
                leaves = inputs(place, size, device, dtype)
                best = minima({way: call(f, leaves, backward) for way, f in compiled.items()}, rounds, device)
                cell = {"op": name, "place": place, "size": label, "backward": backward}
                rows.append(cell | {w: round(1e6 * seconds, 3) for w, seconds in best.items()})
                bar.update()
    return rows


def ratios(rows: list[dict], mode: str) -> list[float]:
    """Time of the mode over time of torch.compile of torch's own op, per cell."""
    return [row[mode] / row["torch"] for row in rows]


def mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def choose(rows: list[dict]) -> str:
    by_mode = {mode: ratios(rows, mode) for mode in MODES}
    keeping_up = [mode for mode in MODES if max(by_mode[mode]) <= SLACK]
    return min(keeping_up or MODES, key=lambda mode: mean(by_mode[mode]))


def losses(name: str, mode: str, rows: list[dict]) -> list[str]:
    """Every cell in which the chosen mode is slower than torch's own op, or than the other mode."""
    found = []
    other = next(m for m in MODES if m != mode)
    for row in rows:
        for rival in ("torch", other):
            if (ratio := row[mode] / row[rival]) > SLACK:
                direction = "forward + backward" if row["backward"] else "forward"
                found.append(f"{name} {mode}: {ratio:.2f} x {rival} in {row['place']}, {row['size']}, {direction}")
    return found


def report(results: dict[str, list[dict]]) -> None:
    cells, bad = [], []
    for name, rows in results.items():
        mode = choose(rows)
        bad += losses(name, mode, rows)
        figures = [f"{f(ratios(rows, m)):.2f}" for m in MODES for f in (mean, max)]
        cells.append([name, mode, *figures, "built-in" if name in BUILTIN else "formula"])
    head = ["op", "choice", "fuse mean", "fuse worst", "kernel mean", "kernel worst", "torch's"]
    print("\nTime over torch.compile of torch's own, geometric mean and worst cell\n\n" + table(head, cells))
    print(f"\n{len(bad)} cells in which the choice loses by more than {SLACK - 1:.0%}")
    print("\n".join(f"  {line}" for line in bad))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="activations, measured without changing a file; all by default")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dry-run", action="store_true", help="measure, but change no file")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    torch._functorch.config.enable_autograd_cache = False  # its key has the op's name, not our formula
    device = torch.device(arguments.device).type
    writes = not (arguments.dry_run or arguments.names)  # one file, one commit, one machine
    names = [smoothact.catalogue.resolve(n).at_defaults().name for n in arguments.names] or list(smoothact.catalogue)
    results: dict[str, list[dict]] = {}
    head = {
        "environment": environment(device) | {"threads": arguments.threads},
        "dtype": arguments.dtype,
        "unit": "us per call",
    }
    with tqdm(total=len(names) * len(NEIGHBOURHOODS) * len(SIZES) * 2, unit="cell") as bar:
        for name in names:
            bar.set_description(name)
            results[name] = measure(name, device, getattr(torch, arguments.dtype), arguments.rounds, bar)
            if writes:
                save(RESULTS / f"compiling-{device}.json", head, [row for rows in results.values() for row in rows])
    report(results)
    if writes:
        policy = json.loads(POLICY.read_text()) if POLICY.exists() else {}
        policy[device] = {name: choose(results[name]) for name in smoothact.catalogue if name in results}
        POLICY.write_text(json.dumps(policy, indent=1) + "\n")


if __name__ == "__main__":
    main()
