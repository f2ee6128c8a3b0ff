# SPDX-License-Identifier: Apache-2.0
"""What each activation adds to a build: seconds of one core, and bytes of object code.

Compiles every activation alone, for each instruction set and for one CUDA architecture, and takes off what the same
headers cost with an empty list. The totals project a whole build; `benchmarks/results/compile_cost.md` keeps them.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sass.toolkit import CSRC, FLAGS, ROOT, ToolMissing, activations, nvcc
from smoothact._machine import commit, processor
from smoothact._report import table
from tqdm import tqdm

TORCH = Path(importlib.util.find_spec("torch").origin).parent
RESULT = Path(__file__).parent / "results/compile_cost.md"
ISAS = ("DEFAULT", "AVX2", "AVX512")
SLOPES = {f"{isa} slopes": isa for isa in ISAS}  # derivatives by the parameters
TENSORS = {"tensors": "ops/formulas.cpp", "learned": "ops/learned_formulas.cpp"}  # formulas on at::Tensor
LEARNED = {f"CUDA {which}": f"cuda/learned_{which}.cu" for which in ("forward", "backward")}
CUDA = {"CUDA": "cuda/shard.cu", **LEARNED}  # the kernels of one architecture
SOURCES = dict.fromkeys(ISAS, "cpu/kernels.cpp") | dict.fromkeys(SLOPES, "cpu/slopes.cpp") | TENSORS
SOURCES |= CUDA
LIMITS = {"minutes": 12.0, "megabytes": 40.0}  # of a build for one architecture, on two cores
CORES = 2
EMPTY = ""  # the list without an activation


@dataclass(frozen=True)
class Cost:
    seconds: float
    bytes: int

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.seconds - other.seconds, self.bytes - other.bytes)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.bytes + other.bytes)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.seconds * times, self.bytes * times)


Costs = dict[tuple[str, str], Cost]  # by target and activation


def cmake_list(name: str) -> list[str]:
    """What `set(name ...)` of cmake/Library.cmake holds, and what is appended for GNU."""
    text = (ROOT / "cmake/Library.cmake").read_text()
    first = re.search(rf"^set\({name} (.*)\)$", text, re.M)[1]
    more = re.findall(rf"^  list\(APPEND {name} (.*)\)$", text, re.M)
    words = [w.strip('"') for w in " ".join([first, *more]).split()]
    nested = [cmake_list(w[2:-1]) if w.startswith("${") else [w] for w in words if w]
    return [word for words in nested for word in words]


def command(target: str, arch: str, folder: Path, place: int, count: int, output: Path) -> list[str]:
    """Compiles the activation of this place in the list, or for a place past the end only the headers."""
    path = CSRC / SOURCES[target] if place < count else folder / f"empty-{Path(SOURCES[target]).name}"
    defines = [f"-DSMOOTHACT_SHARD={place}", f"-DSMOOTHACT_SHARDS={count}"]
    common = ["-std=c++20", "-O3", "-DNDEBUG", *defines, f"-I{CSRC}", f"-I{folder}", "-c", str(path), "-o", str(output)]
    if target in CUDA:
        compress = ["--compress-mode=size", "-Xcompiler=-fPIC,-ffp-contract=off"]
        return [nvcc(), *FLAGS, *compress, f"-gencode=arch=compute_{arch},code=sm_{arch}", *common]
    flags, own = target, [f"-DSMOOTHACT_ISA={target}"]
    if target in TENSORS:
        flags, own = "tensors", [f"-isystem{TORCH}/include", f"-isystem{TORCH}/include/torch/csrc/api/include"]
    elif target in SLOPES:
        flags = SLOPES[target]
        own = [f"-DSMOOTHACT_ISA={flags}_slopes", f"-DSMOOTHACT_INSTRUCTIONS={flags}"]
    fixed = ["-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-w", "-ffp-contract=off"]
    fixed += ["-fno-math-errno", "-fno-trapping-math"]
    # The target's flags are last, as in the build: its -Os outdoes the -O3 of all.
    return [*shlex.split(os.environ.get("CXX", "c++")), *fixed, *common, *own, *cmake_list(f"_flags_{flags}")]


def sections(listing: str) -> int:
    """Bytes that a loaded object takes, from what `size` prints: text, data and bss."""
    return int(listing.splitlines()[1].split()[3])


def processor_seconds(arguments: Sequence[str]) -> float:
    """Runs a command; other work on the machine moves this less than the time that passes."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(arguments, stdout=errors, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}\n{errors.read().decode(errors='replace').strip()}")
    return usage.ru_utime + usage.ru_stime


def prepare(folder: Path) -> None:
    """activations/all.h, as CMake writes it, and the sources without what they define."""
    headers = [h for h in (CSRC / "activations").glob("*.h") if h.name not in ("descriptor.h", "type_list.h")]
    (folder / "activations").mkdir()
    (folder / "activations/all.h").write_text("#pragma once\n" + "".join(f'#include "{h}"\n' for h in sorted(headers)))
    for path in {CSRC / name for name in SOURCES.values() if (CSRC / name).exists()}:
        (folder / f"empty-{path.name}").write_text(headers_of(path.read_text(), path.parent))


def headers_of(text: str, folder: Path) -> str:
    """What a source includes, and defines before; its own headers by their whole path."""
    lines = re.findall(r"^#(?:include|define) .*$", text, re.M)
    return (
        "\n".join(re.sub(r'^#include "(.*)"', lambda m: f'#include "{folder / m[1]}"', line) for line in lines) + "\n"
    )


def measure(targets: Sequence[str], names: Sequence[str], arch: str, jobs: int) -> Costs:
    known = list(activations())
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(jobs) as pool:
        folder = Path(name)
        prepare(folder)

        def one(cell: tuple[str, str]) -> Cost:
            target, name = cell
            place = known.index(name) if name else len(known)
            output = folder / f"{target}-{place}.o"
            seconds = processor_seconds(command(target, arch, folder, place, len(known), output))
            listing = subprocess.run(["size", output], capture_output=True, text=True, check=True).stdout
            output.unlink()
            return Cost(seconds, sections(listing))

        cells = [(target, name) for name in (EMPTY, *names) for target in targets]
        costs = list(tqdm(pool.map(one, cells), total=len(cells), unit="object"))
    return dict(zip(cells, costs, strict=True))


def added(costs: Costs) -> Costs:
    return {(t, n): cost - costs[t, EMPTY] for (t, n), cost in costs.items() if n}


def total(costs: Costs, target: str, activations: int, shards: int) -> Cost:
    """A whole list of the mean activation measured, in that many translation units."""
    own = [cost for (t, _), cost in added(costs).items() if t == target]
    mean = sum(own, Cost(0, 0)) * activations
    return Cost(mean.seconds / len(own), round(mean.bytes / len(own))) + costs[target, EMPTY] * shards


def shards(target: str, count: int) -> int:
    """As CMakeLists.txt has it."""
    kind = "CPU_SLOPES" if target in SLOPES else "TENSORS" if target in TENSORS else "CUDA" if target in CUDA else "CPU"
    text = (ROOT / "CMakeLists.txt").read_text()
    return -(-count // int(re.search(rf"set\(SMOOTHACT_{kind}_SHARD_SIZE (\d+)", text)[1]))


def report(costs: Costs, targets: Sequence[str], activations: int, about: str) -> str:
    own = added(costs)
    names = list(dict.fromkeys(name for _, name in own))
    head = ["activation", *(f"{t} {unit}" for t in targets for unit in ("s", "kB"))]

    def cells(name: str, costs: Costs) -> list[str]:
        return [name or "empty list", *(f(costs[t, name]) for t in targets for f in (seconds, kilobytes))]

    whole = [total(costs, t, activations, shards(t, activations)) for t in targets]
    minutes = sum(w.seconds for w in whole) / 60 / CORES
    megabytes = sum(w.bytes for w in whole) / 1e6
    totals = [
        [t, str(shards(t, activations)), f"{w.seconds / 60 / CORES:.1f}", f"{w.bytes / 1e6:.1f}"]
        for t, w in zip(targets, whole, strict=True)
    ]
    verdicts = [f"{minutes:.1f}", f"{megabytes:.1f}"]
    return "\n\n".join(
        [
            "# What activations cost to compile",
            f"{about}.",
            "Each compiled alone, less the empty list: seconds of one core, kB of object code (text, data and bss).",
            table(head, [cells(n, own) for n in names] + [cells(EMPTY, costs)]),
            f"## The kernels of {activations} activations at the mean of these {len(names)}",
            table(
                ["", "translation units", f"minutes on {CORES} cores", "MB"],
                [*totals, ["all", "", *verdicts], ["limit", "", *(f"{limit:g}" for limit in LIMITS.values())]],
            ),
        ]
    )


def seconds(cost: Cost) -> str:
    return f"{cost.seconds:.1f}"


def kilobytes(cost: Cost) -> str:
    return f"{cost.bytes / 1000:.0f}"


def compiler(argument: str) -> str:
    return subprocess.run([argument, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    known = list(activations())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations, without writing a file; all by default")
    parser.add_argument("--target", nargs="+", choices=[*SOURCES], default=[*SOURCES])
    parser.add_argument("--arch", default="90", help="as in sm_90")
    parser.add_argument("--project", type=int, metavar="COUNT", default=len(known), help="activations of the totals")
    parser.add_argument("--jobs", type=int, default=2, help="compilers at a time")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    try:
        tools = [nvcc()] if set(CUDA) & set(arguments.target) else []
    except ToolMissing as error:
        print(f"compile_cost: {error}", file=sys.stderr)
        return 1
    costs = measure(arguments.target, arguments.names or known, arguments.arch, arguments.jobs)
    gnu = compiler(shlex.split(os.environ.get("CXX", "c++"))[0]).splitlines()[0]
    cuda = [f"nvcc {re.search(r'V([0-9.]+)', compiler(tool))[1]} for sm_{arguments.arch}" for tool in tools]
    about = ", ".join([processor(), gnu, *cuda, f"commit {commit(ROOT)}"])
    text = report(costs, arguments.target, arguments.project, about)
    print(text)
    if not arguments.names:
        RESULT.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
