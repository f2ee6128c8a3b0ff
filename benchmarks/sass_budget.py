# SPDX-License-Identifier: Apache-2.0
"""What each CUDA kernel issues per element, against what memory-bound operation allows; needs no GPU.

Compiles the kernels (or reads a built library), disassembles them, and counts what a thread with one pack issues.
A share above 100 % says that arithmetic, not memory, would set the pace on that GPU, by the machine's nominal rates.
These are counts, not measurements.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from sass.hardware import GPUS, Cost, occupancy
from sass.listing import Kernel, Way, kernels
from sass.toolkit import ROOT, ToolMissing, activations, block_size, compile_kernels, disassemble, enumerators, version
from smoothact._machine import commit
from smoothact._report import table
from tqdm import tqdm

BYTES = {"f32": 4, "bf16": 2, "f16": 2}
SYMBOL = re.compile(r"pointwise_kernelI.*?\d+([A-Z][A-Za-z0-9]*)ELNS_9OperationE(\d)ELNS_5DTypeE(\d)E")
WALK = re.compile(r"(learned_forward|learned_backward|gated)_kernelI.*?\d+([A-Z][A-Za-z0-9]*?)EE")
# Tensors that each reads and writes.
MOVED = {"forward": 2, "backward": 3, "double_backward": 4, "gate": 3, "gate_backward": 5}
# Kernels that walk the elements in a loop and find the dtype while they run, read from objects alone; `gated` as a
# double backward.
WALKS = {"learned_forward": 2, "learned_backward": 3, "gated": 8}
STORED = {"gate_backward": 2, "gated": 3}


# Why what is over the budget is.
REASONS = {
    ("gelu", "forward"): "two fractions of polynomials beside the exponential",
}


# Instructions by which the way of strided and broadcast packs may exceed that of dense ones.
LONG_WAY_ROUND = 40


@dataclass
class Row:
    name: str
    operation: str
    dtype: str
    elements: int  # a thread
    instructions: float
    half: float
    special: float
    rcp: float
    exp2: float
    convert: float
    loads: str
    stores: str
    spills: int
    registers: int
    occupancy: float
    calls: int
    spread: float
    shares: dict[str, float]
    limits: dict[str, str]

    @property
    def remark(self) -> str:
        found = [f"{gpu}: {self.limits[gpu]} x{share:.2f}" for gpu, share in self.shares.items() if share > 1]
        if found and (reason := REASONS.get((self.name, self.operation))):
            found.append(reason)
        if self.spread * self.elements > LONG_WAY_ROUND:
            found.append(f"branches, up to {self.spread:.1f} more")
        return "; ".join(found)


@dataclass
class Build:
    name: str
    seconds: float
    bytes: int


def describe(widths: list[int]) -> str:
    return " ".join(f"{widths.count(w)}x{w}" for w in sorted(set(widths), reverse=True))


def row_of(kernel: Kernel, way: Way, name: str, operation: str, dtype: str) -> Row:
    size = BYTES[dtype]
    elements = way.stored // size // STORED.get(operation, 1)
    pipes = way.pipes()

    def per(count: int) -> float:
        return count / elements

    def opcodes(pattern: str) -> float:
        return per(sum(bool(re.match(pattern, i.opcode)) for i in way.path))

    cost = Cost(per(len(way.path)), per(pipes["half"]), per(pipes["special"]), size * {**MOVED, **WALKS}[operation])
    shares = {gpu.name: cost.share(gpu) for gpu in GPUS}
    return Row(
        name,
        operation,
        dtype,
        elements,
        cost.instructions,
        cost.half,
        cost.special,
        opcodes(r"MUFU\.RCP"),
        opcodes(r"MUFU\.EX2"),
        opcodes(r"F2F|F2FP|I2F|F2I|HADD2\.F32"),
        describe(way.widths("LDG")),
        describe(way.widths("STG")),
        way.spilled + kernel.stack,
        kernel.registers,
        occupancy(kernel.registers, block_size()),
        way.calls,
        per(way.spread),
        {gpu: share for gpu, (share, _) in shares.items()},
        {gpu: what for gpu, (_, what) in shares.items()},
    )


def rows_of(listing: str, operations: list[str], dtypes: list[str], wanted: list[str]) -> Iterator[Row]:
    names = {cls: name for name, cls in activations().items() if name in wanted}
    all_operations, all_dtypes = enumerators("Operation"), enumerators("DType")
    for kernel in kernels(listing):
        if (walk := WALK.search(kernel.symbol)) and walk[2] in names and walk[1] in operations:
            if (once := kernel.round()) is None:
                raise RuntimeError(f"{kernel.symbol}: no loop that stores and makes no calls")
            yield row_of(kernel, once, names[walk[2]], walk[1], "f32")
        found = SYMBOL.search(kernel.symbol)
        if not found or found[1] not in names:
            continue
        operation, dtype = all_operations[int(found[2])], all_dtypes[int(found[3])]
        if operation not in operations or dtype not in dtypes:
            continue
        way = kernel.way()
        if way is None:
            raise RuntimeError(f"{kernel.symbol}: no way that stores and makes no calls")
        yield row_of(kernel, way, names[found[1]], operation, dtype)


def cells(row: Row) -> list[str]:
    return [
        row.name,
        row.operation,
        row.dtype,
        *(f"{x:.1f}" for x in (row.instructions, row.half, row.special, row.rcp, row.exp2, row.convert)),
        row.loads,
        row.stores,
        str(row.spills),
        str(row.registers),
        f"{row.occupancy:.0%}",
        str(row.calls),
        *(f"{share:.0%}" for share in row.shares.values()),
        row.remark,
    ]


HEAD = ["activation", "operation", "dtype", "instructions", "half rate", "special", "rcp", "exp2", "convert", "loads"]
HEAD += ["stores", "spills", "registers", "occupancy", "slow calls", *(gpu.name for gpu in GPUS), "over budget"]


def budget_table(operations: list[str], dtypes: list[str]) -> str:
    rows = []
    for operation in operations:
        for dtype in dtypes:
            if operation in WALKS and dtype != "f32":
                continue
            moved = BYTES[dtype] * {**MOVED, **WALKS}[operation]
            limits = [f"{g.limit(rate, moved):.1f}" for g in GPUS for rate in (g.issue, g.half, g.special)]
            rows.append([operation, dtype, str(moved), *limits])
    columns = [f"{g.name} {what}" for g in GPUS for what in ("issue", "half rate", "special")]
    return table(["operation", "dtype", "bytes", *columns], rows)


def report(rows: list[Row], builds: list[Build], about: str, operations: list[str], dtypes: list[str]) -> str:
    over = [row for row in rows if row.shares[GPUS[0].name] > 1]
    parts = [
        "# SASS budget",
        f"{about}.",
        "Per element of a thread with one dense pack, from its entry to its exit, by the way without calls and loops;"
        f" of {', '.join(WALKS)}, once round their loop over float32 with all that may be asked for. Counted from the"
        " compiled code; not a measurement.",
        "## What memory-bound operation allows per element",
        budget_table(operations, dtypes),
        "## What the kernels issue per element",
        table(HEAD, [cells(row) for row in rows]),
        f"{len(rows) - len(over)} of {len(rows)} kernels within the budget of {GPUS[0].name}.",
    ]
    if builds:
        cost = [[b.name, f"{b.seconds:.1f}", f"{b.bytes / 1000:.0f}"] for b in builds]
        parts += ["## What these kernels take to compile, uncompressed", table(["activation", "seconds", "kB"], cost)]
    return "\n\n".join(parts)


def save(folder: Path, text: str, rows: list[Row], about: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sass_budget.md").write_text(text + "\n")
    with (folder / "sass_budget.csv").open("w", newline="") as file:
        file.write(f"# {about}\n")
        plain = [{k: v for k, v in asdict(row).items() if k != "limits"} for row in rows]
        flat = [{**row, **{f"share {g}": s for g, s in row.pop("shares").items()}} for row in plain]
        writer = csv.DictWriter(file, list(flat[0]))
        writer.writeheader()
        writer.writerows(flat)


def measure(arguments: argparse.Namespace) -> tuple[list[Row], list[Build]]:
    operations, dtypes = arguments.operation, arguments.dtype
    if arguments.object:
        listings = [disassemble(path, arguments.arch) for path in tqdm(arguments.object, unit="file")]
        rows = [row for text in listings for row in rows_of(text, operations, dtypes, arguments.names)]
        return rows, []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:

        def one(name: str) -> tuple[list[Row], Build]:
            start = time.perf_counter()
            plain = [o for o in operations if o not in WALKS]
            cubin = compile_kernels(activations()[name], plain, dtypes, arguments.arch, Path(folder))
            build = Build(name, time.perf_counter() - start, cubin.stat().st_size)
            return list(rows_of(disassemble(cubin, arguments.arch), operations, dtypes, [name])), build

        done = list(tqdm(pool.map(one, arguments.names), total=len(arguments.names), unit="activation"))
        return [row for rows, _ in done for row in rows], [build for _, build in done]


def main() -> int:
    known, operations = list(activations()), [*enumerators("Operation"), *WALKS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations; all by default")
    parser.add_argument("--operation", nargs="+", choices=operations, default=operations)
    parser.add_argument("--dtype", nargs="+", choices=list(BYTES), default=list(BYTES))
    parser.add_argument("--arch", default="90", help="as in sm_90; the budget is that of sm_90")
    parser.add_argument("--object", nargs="+", type=Path, help="objects or libraries to read; compiles nothing")
    parser.add_argument("--jobs", type=int, default=2, help="compilers at a time")
    parser.add_argument("--output", type=Path, help="folder for sass_budget.md and sass_budget.csv")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    arguments.names = arguments.names or known
    try:
        rows, builds = measure(arguments)
    except ToolMissing as error:
        print(f"sass_budget: {error}", file=sys.stderr)
        return 1
    if not rows:
        print("sass_budget: no kernel found", file=sys.stderr)
        return 1
    rows.sort(key=lambda r: (operations.index(r.operation), list(BYTES).index(r.dtype), known.index(r.name)))
    compiler = [f"nvcc {version()}"] if builds else []
    about = ", ".join([f"sm_{arguments.arch}", *compiler, f"commit {commit(ROOT)}"])
    text = report(rows, builds, about, arguments.operation, arguments.dtype)
    print(text)
    if arguments.output:
        save(arguments.output, text, rows, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
