# SPDX-License-Identifier: Apache-2.0
"""Shows that the value tests bite: perturbs one constant of an activation at a time and expects them to fail.

    python tools/mutate.py                 one perturbation per activation
    python tools/mutate.py --sample 3      of three activations drawn at random
    python tools/mutate.py --each 20 mish  twenty of mish

A perturbed number is off by 2^-12, a perturbed sign is the other one. Only that activation's loops are
compiled, for the default instruction set, and take the place of the installed ones in a process of their own.
A perturbation that no test notices is judged by multiprecision where it changed results most: if the contract
holds even there (a threshold between two good branches, say), nothing promised changed, and another is drawn.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = "-std=c++20 -O1 -fPIC -shared -w -ffp-contract=off -fno-math-errno -fno-trapping-math -Wl,-Bsymbolic"
NUMBER = re.compile(r"(?<![\w.\"])(?:0x1\.?[0-9a-f]*p[+-]?\d+|\d+\.?\d*(?:e[+-]?\d+)?)(?![\w.\"])")
SIGN = re.compile(r"(?<=[\w)\]] )[+-](?= [\w(])")
SKIPPED = re.compile(r"#|//|template|static_assert|using|sizeof|for \(|\bint\b")


def headers(path: Path) -> list[Path]:
    """The header and what it includes of the formulas and their mathematics."""
    found, pending = [], [path.resolve()]
    while pending:
        header = pending.pop()
        if header in found or header.name in (
            "descriptor.h",
            "type_list.h",
            "composite.h",
            "native.h",
            "simd.h",
        ):
            continue
        found.append(header)
        pending += [(header.parent / name).resolve() for name in re.findall(r'#include "(.*?)"', header.read_text())]
    return found


def perturbations(text: str) -> Iterator[tuple[int, str, str]]:
    """(position, old, new) for every number and binary sign of the code."""
    code = re.sub(r"Descriptor descriptor\{.*?\n  \};", lambda m: " " * len(m[0]), text, flags=re.S)
    start = 0
    for line in code.splitlines(keepends=True):
        if not SKIPPED.search(line):
            for m in NUMBER.finditer(line):
                value = float.fromhex(m[0]) if "x" in m[0] else float(m[0])
                new = f"({m[0]} * 1.000244140625)" if value else "0.000244140625"
                yield start + m.start(), m[0], new
            for m in SIGN.finditer(line):
                yield start + m.start(), m[0], "-" if m[0] == "+" else "+"
        start += len(line)


def compiled(sources: Path, index: int, count: int, target: Path) -> bool:
    import smoothact

    library = next(Path(smoothact.__file__).parent.rglob("libsmoothact.so"))
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    defines = [f"-DSMOOTHACT_{k}={v}" for k, v in (("ISA", "DEFAULT"), ("SHARD", index), ("SHARDS", count))]
    command = [
        *compiler,
        *FLAGS.split(),
        *defines,
        f"-I{sources}",
        sources / "cpu/kernels.cpp",
        library,
        "-o",
        target,
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def sweep(dtype):
    """Half of all magnitudes alike, half where functions bend."""
    import torch

    generator = torch.Generator().manual_seed(0)
    size = torch.finfo(dtype).bits // 8
    anything = torch.randint(0, 256, (2**18 * size,), dtype=torch.uint8, generator=generator).view(dtype)
    bends = [torch.linspace(-span, span, 2**17, dtype=dtype) for span in (9, 120)]
    x = torch.cat([anything, *bends])
    return torch.unique(x[x.abs() <= torch.finfo(dtype).max / 2])


def judge(name: str, library: str) -> str:
    """In a process of its own: load the perturbed loops, run the value tests, look closer if they pass."""
    import torch

    sys.path.insert(0, str(ROOT / "tests/python"))
    from support import WIDE, grid, variations
    from test_values import KERNEL, check

    def complaint(case, dtype, x=None) -> str:
        try:
            check(case, dtype, "cpu", case.derivative, KERNEL, x)
        except AssertionError as error:
            return str(error).splitlines()[1].strip()
        return ""

    def results(case, dtype):
        return [case.derivative(points[dtype], order).double() for order in range(3)]

    points = {dtype: sweep(dtype) for dtype in WIDE}
    tested = [(case, dtype) for case in variations(name) for dtype in WIDE if not complaint(case, dtype)]
    if not tested:
        return "fails unperturbed"
    before = [results(*test) for test in tested]
    ctypes.CDLL(library)
    if any(complaint(*test) for test in tested):
        return "caught"
    verdict = "equivalent"
    for (case, dtype), old in zip(tested, before, strict=True):
        changes = [((a - b) / a).abs().nan_to_num(0, 1e9) for a, b in zip(old, results(case, dtype), strict=True)]
        worst = torch.cat([points[dtype][c.topk(40).indices[c.topk(40).values > 0]] for c in changes])
        if len(worst):
            verdict = "harmless"
            if text := complaint(case, dtype, torch.unique(torch.cat([grid(name, dtype), worst]))):
                return f"MISSED: {text}"
    return verdict


def attempt(name: str, index: int, count: int, header: Path, change: tuple[int, str, str], folder: Path) -> str:
    sources = folder / "csrc"
    shutil.copytree(ROOT / "csrc", sources)
    includes = [f'#include "{h.name}"\n' for h in (sources / "activations").glob("*.h")]
    (sources / "activations/all.h").write_text("".join(includes))  # as CMake does
    text, (position, old, new) = header.read_text(), change
    (sources / header.relative_to(ROOT / "csrc")).write_text(text[:position] + new + text[position + len(old) :])
    library = folder / "mutant.so"
    if not compiled(sources, index, count, library):
        return "does not compile"
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--judge", name, str(library)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or f"MISSED: {done.stderr.strip()[-300:]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="activations (default: all)")
    parser.add_argument("--each", type=int, default=1, help="perturbations per activation")
    parser.add_argument("--sample", type=int, help="activations drawn at random")
    parser.add_argument("--seed", type=int, default=random.randrange(2**16), help="of the draw (printed)")
    parser.add_argument("--judge", nargs=2, metavar=("NAME", "LIBRARY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.judge:
        print(judge(*arguments.judge))
        return 0
    import smoothact

    known = list(smoothact.catalogue)
    print(f"seed {arguments.seed}", flush=True)
    draw = random.Random(arguments.seed)
    names = arguments.names or known
    if arguments.sample:
        names = draw.sample(names, min(arguments.sample, len(names)))
    with tempfile.TemporaryDirectory() as folder:
        header = ROOT / f"csrc/activations/{names[0]}.h"
        control = attempt(names[0], known.index(names[0]), len(known), header, (0, "", ""), Path(folder))
    if control != "equivalent":
        print(f"{names[0]} without a perturbation: {control}; is the installed build of this tree?")
        return 1
    counts = {"caught": 0, "missed": 0}
    for name in names:
        choices = [(h, c) for h in headers(ROOT / f"csrc/activations/{name}.h") for c in perturbations(h.read_text())]
        draw.shuffle(choices)
        wanted = arguments.each
        while wanted and choices:
            header, change = choices.pop()
            with tempfile.TemporaryDirectory() as folder:
                verdict = attempt(name, known.index(name), len(known), header, change, Path(folder))
            line = header.read_text()[: change[0]].count("\n") + 1
            print(
                f"{name:12} {header.relative_to(ROOT)}:{line}: {change[1]} -> {change[2]}: {verdict}",
                flush=True,
            )
            decided = "caught" if verdict == "caught" else "missed" if verdict.startswith("MISSED") else None
            if decided:
                counts[decided] += 1
                wanted -= 1
    print(f"{counts['caught']} caught, {counts['missed']} missed")
    return 1 if counts["missed"] or not counts["caught"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
