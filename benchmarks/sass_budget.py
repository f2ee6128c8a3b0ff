# SPDX-License-Identifier: Apache-2.0
"""What each CUDA kernel issues per element, against what memory-bound operation allows; needs no GPU.

Compiles the pack kernels (or reads a built library), disassembles them, and counts one trip round the main loop.
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
from sass.listing import Kernel, Loop, kernels
from sass.toolkit import ROOT, ToolMissing, activations, block_size, compile_kernels, disassemble, enumerators, version
from smoothact._machine import commit
from smoothact._report import table
from tqdm import tqdm

BYTES = {"f32": 4, "bf16": 2, "f16": 2}
SYMBOL = re.compile(r"pack_kernelI.*?\d+([A-Z][A-Za-z0-9]*)ELNS_5OrderE(\d)ELNS_5DTypeE(\d)E")


# Why what is over the budget is.
REASONS = {
    ("gelu", "forward"): "two fractions of polynomials beside the exponential",
}


# Instructions by which the way of strided and broadcast packs may exceed that of dense ones.
LONG_WAY_ROUND = 40


@dataclass
class Row:
    name: str
    order: str
    dtype: str
    elements: int  # a trip
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
        if found and (reason := REASONS.get((self.name, self.order))):
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


def row_of(kernel: Kernel, loop: Loop, name: str, order: str, dtype: str, inputs: int) -> Row:
    size = BYTES[dtype]
    elements = loop.stored // size
    pipes = loop.pipes()

    def per(count: int) -> float:
        return count / elements

    def opcodes(pattern: str) -> float:
        return per(sum(bool(re.match(pattern, i.opcode)) for i in loop.path))

    cost = Cost(per(len(loop.path)), per(pipes["half"]), per(pipes["special"]), size * (inputs + 1))
    shares = {gpu.name: cost.share(gpu) for gpu in GPUS}
    return Row(
        name,
        order,
        dtype,
        elements,
        cost.instructions,
        cost.half,
        cost.special,
        opcodes(r"MUFU\.RCP"),
        opcodes(r"MUFU\.EX2"),
        opcodes(r"F2F|F2FP|I2F|F2I|HADD2\.F32"),
        describe(loop.widths("LDG")),
        describe(loop.widths("STG")),
        loop.spilled + kernel.stack,
        kernel.registers,
        occupancy(kernel.registers, block_size()),
        loop.calls,
        per(loop.spread),
        {gpu: share for gpu, (share, _) in shares.items()},
        {gpu: what for gpu, (_, what) in shares.items()},
    )


def rows_of(listing: str, orders: list[str], dtypes: list[str]) -> Iterator[Row]:
    names = {cls: name for name, cls in activations().items()}
    all_orders, all_dtypes = enumerators("Order"), enumerators("DType")
    for kernel in kernels(listing):
        found = SYMBOL.search(kernel.symbol)
        if not found or found[1] not in names:
            continue
        order, dtype = all_orders[int(found[2])], all_dtypes[int(found[3])]
        if order not in orders or dtype not in dtypes:
            continue
        loop = kernel.main_loop()
        if loop is None:
            raise RuntimeError(f"{kernel.symbol}: no loop that stores and has a path without calls")
        yield row_of(kernel, loop, names[found[1]], order, dtype, all_orders.index(order) + 1)


def cells(row: Row) -> list[str]:
    return [
        row.name,
        row.order,
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


HEAD = ["activation", "order", "dtype", "instructions", "half rate", "special", "rcp", "exp2", "convert", "loads"]
HEAD += ["stores", "spills", "registers", "occupancy", "slow calls", *(gpu.name for gpu in GPUS), "over budget"]


def budget_table(orders: list[str], dtypes: list[str]) -> str:
    rows = []
    for order in orders:
        for dtype in dtypes:
            moved = BYTES[dtype] * (enumerators("Order").index(order) + 2)
            limits = [f"{g.limit(rate, moved):.1f}" for g in GPUS for rate in (g.issue, g.half, g.special)]
            rows.append([order, dtype, str(moved), *limits])
    columns = [f"{g.name} {what}" for g in GPUS for what in ("issue", "half rate", "special")]
    return table(["order", "dtype", "bytes", *columns], rows)


def report(rows: list[Row], builds: list[Build], about: str, orders: list[str], dtypes: list[str]) -> str:
    over = [row for row in rows if row.shares[GPUS[0].name] > 1]
    parts = [
        "# SASS budget",
        f"{about}.",
        "Per element of the main loop, by the path without calls and inner loops. Counted from the compiled code; not a"
        " measurement.",
        "## What memory-bound operation allows per element",
        budget_table(orders, dtypes),
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
    orders, dtypes = arguments.order, arguments.dtype
    if arguments.object:
        listings = [disassemble(path, arguments.arch) for path in tqdm(arguments.object, unit="file")]
        rows = [row for text in listings for row in rows_of(text, orders, dtypes) if row.name in arguments.names]
        return rows, []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:

        def one(name: str) -> tuple[list[Row], Build]:
            start = time.perf_counter()
            cubin = compile_kernels(activations()[name], orders, dtypes, arguments.arch, Path(folder))
            build = Build(name, time.perf_counter() - start, cubin.stat().st_size)
            return list(rows_of(disassemble(cubin, arguments.arch), orders, dtypes)), build

        done = list(tqdm(pool.map(one, arguments.names), total=len(arguments.names), unit="activation"))
        return [row for rows, _ in done for row in rows], [build for _, build in done]


def main() -> int:
    known, orders = list(activations()), enumerators("Order")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations; all by default")
    parser.add_argument("--order", nargs="+", choices=orders, default=orders)
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
        print("sass_budget: no pack kernel found", file=sys.stderr)
        return 1
    rows.sort(key=lambda r: (orders.index(r.order), list(BYTES).index(r.dtype), known.index(r.name)))
    compiler = [f"nvcc {version()}"] if builds else []
    about = ", ".join([f"sm_{arguments.arch}", *compiler, f"commit {commit(ROOT)}"])
    text = report(rows, builds, about, arguments.order, arguments.dtype)
    print(text)
    if arguments.output:
        save(arguments.output, text, rows, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
