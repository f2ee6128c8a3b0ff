# SPDX-License-Identifier: Apache-2.0
"""What benchmarks/compile_cost.py makes of its measurements; nothing is compiled here."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIZE = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n 528697\t     16\t     41\t 528754\t  81172\ta.o\n"


@pytest.fixture
def cost(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module("compile_cost")
    for name in [n for n in sys.modules if n.split(".")[0] in ("sass", "compile_cost")]:
        del sys.modules[name]


def test_sections(cost):
    assert cost.sections(SIZE) == 528754


def test_less_the_empty_list(cost):
    costs = {
        ("AVX2", ""): cost.Cost(2.0, 100),
        ("AVX2", "relu"): cost.Cost(3.0, 20_100),
        ("AVX2", "mish"): cost.Cost(5.0, 40_100),
    }
    assert cost.added(costs) == {
        ("AVX2", "relu"): cost.Cost(1.0, 20_000),
        ("AVX2", "mish"): cost.Cost(3.0, 40_000),
    }
    # A hundred of the mean, 2 s and 30 kB, and five times the headers.
    assert cost.total(costs, "AVX2", 100, 5) == cost.Cost(210.0, 3_000_500)
    text = cost.report(costs, ["AVX2"], 100, "here")
    per, totals = text.split("## The kernels of 100 activations at the mean of these 2")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in per.splitlines() if line.startswith("|")]
    assert rows[2:] == [["relu", "1.0", "20"], ["mish", "3.0", "40"], ["empty list", "2.0", "0"]]
    shards = cost.shards("AVX2", 100)
    minutes = (200 + 2 * shards) / 60 / 2
    assert f"{minutes:.1f}" in totals and "3.0 |" in totals and "limit" in totals


def test_commands_are_the_builds(cost, tmp_path):
    build = (ROOT / "cmake/Library.cmake").read_text()
    command = cost.command("AVX512", "90", tmp_path, 3, 14, tmp_path / "a.o")
    assert (
        "-DSMOOTHACT_SHARD=3" in command and "-DSMOOTHACT_SHARDS=14" in command and "-DSMOOTHACT_ISA=AVX512" in command
    )
    assert {"-mavx512f", "-mavx2", "-mfma", "-fsched-pressure"} <= set(command)
    for flag in [f for f in command if f.startswith(("-m", "-fno", "-ffp", "-fsched"))]:
        assert flag in build, flag
    for target in ("tensors", "learned"):
        assert "-Os" in cost.command(target, "90", tmp_path, 3, 14, tmp_path / "a.o")
    slopes = cost.command("AVX2 slopes", "90", tmp_path, 3, 14, tmp_path / "a.o")
    assert {"-mavx2", "-DSMOOTHACT_ISA=AVX2_slopes", "-DSMOOTHACT_INSTRUCTIONS=AVX2"} <= set(slopes)


def test_units_are_of_the_sizes_in_the_build(cost):
    sizes = re.findall(r"set\(SMOOTHACT_(\w+)_SHARD_SIZE (\d+)", (ROOT / "CMakeLists.txt").read_text())
    targets = {"CPU": "AVX2", "CPU_SLOPES": "AVX2 slopes", "TENSORS": "learned", "CUDA": "CUDA"}
    assert [kind for kind, _ in sizes] == list(targets)
    for kind, size in sizes:
        assert [cost.shards(targets[kind], int(size) + more) for more in (0, 1)] == [1, 2]


def test_empty_list_has_the_headers(cost, tmp_path):
    text = '// x\n#define A inline\n#include "loop.h"\n#include <new>\nint f();\n'
    assert cost.headers_of(text, Path("/src")) == '#define A inline\n#include "/src/loop.h"\n#include <new>\n'


def test_processor_seconds(cost):
    assert 0 < cost.processor_seconds([sys.executable, "-c", "sum(range(10**6))"]) < 60
    with pytest.raises(RuntimeError, match="no such"):
        cost.processor_seconds([sys.executable, "-c", "raise SystemExit('no such')"])
