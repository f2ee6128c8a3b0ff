# SPDX-License-Identifier: Apache-2.0
"""Reads cuobjdump's listing: the way of each kernel's packs, from its entry to its exit, and what it issues."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

LINE = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(?:(@!?U?P\w+)\s+)?([A-Z][\w.]*)\s*(.*?)\s*;")
FUNCTION = re.compile(r"^\s*Function : (\S+)")
RESOURCES = re.compile(r"^\s*Function (\S+?):\s*$\n\s*REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+)", re.MULTILINE)
TARGET = re.compile(r"(0x[0-9a-f]+)\s*$")

# An eighth of the issue rate: the special-function unit, which also converts where the other pipes cannot.
SPECIAL = {"MUFU", "FCHK", "F2F", "F2I", "I2F", "FRND", "POPC", "BREV", "FLO"}
# A warp a cycle: floating point, what leaves the arithmetic pipes alone, the uniform unit (U...), and IMAD, whose unit
# is half of that of floating point. The rest takes two: integers, logic, comparisons, selections and packing alike.
FULL_RATE = {"FFMA", "FMUL", "FADD", "HADD2", "HMUL2", "HFMA2", "IMAD", "NOP", "BRA", "BSSY", "BSYNC", "EXIT", "CALL"}
MEMORY = {"LDG", "STG", "LDL", "STL", "LDC", "ULDC", "LDCU", "LD", "ST", "LDS", "STS"}
ENDS = {"EXIT", "RET", "BRX", "JMX", "BREAK", "KILL"}


@dataclass(frozen=True)
class Instruction:
    address: int
    predicate: str
    opcode: str  # with its modifiers
    operands: str

    @property
    def name(self) -> str:
        return self.opcode.split(".")[0]

    @property
    def target(self) -> int | None:
        match = TARGET.search(self.operands) if self.name in ("BRA", "JMP") else None
        return int(match[1], 16) if match else None

    @property
    def conditional(self) -> bool:
        return bool(self.predicate) or "," in self.operands

    @property
    def bytes(self) -> int:
        """What a load or store moves a thread."""
        bits = re.search(r"\.[US]?(8|16|32|64|128|256)\b", self.opcode)
        return int(bits[1]) // 8 if bits else 4

    @property
    def pipe(self) -> str:
        if self.name in MEMORY:
            return "memory"
        if self.name in SPECIAL:
            return "special"
        return "full" if self.name in FULL_RATE or self.name.startswith("U") else "half"


@dataclass
class Way:
    """What a thread with a pack issues, by the way without calls and loops."""

    path: list[Instruction]
    calls: int  # off the path: slow cases of a division, say
    spread: int  # how much longer the longest such path is

    def count(self, *names: str) -> int:
        return sum(i.name in names for i in self.path)

    def pipes(self) -> Counter[str]:
        return Counter(i.pipe for i in self.path)

    def widths(self, name: str) -> list[int]:
        return [8 * i.bytes for i in self.path if i.name == name]

    @property
    def moved(self) -> int:
        return sum(i.bytes for i in self.path if i.name in ("LDG", "STG"))

    @property
    def stored(self) -> int:
        return sum(i.bytes for i in self.path if i.name == "STG")

    @property
    def spilled(self) -> int:
        return self.count("LDL", "STL")


@dataclass
class Kernel:
    symbol: str
    instructions: list[Instruction] = field(default_factory=list)
    registers: int = 0
    stack: int = 0

    def way(self) -> Way | None:
        return way(self.instructions)

    def round(self) -> Way | None:
        return round_of_loop(self.instructions)


def kernels(listing: str) -> Iterator[Kernel]:
    """Every function of ``cuobjdump -sass -res-usage``."""
    resources = {m[1]: (int(m[2]), max(int(m[3]), int(m[4]))) for m in RESOURCES.finditer(listing)}
    kernel = None
    for line in listing.splitlines():
        if found := FUNCTION.match(line):
            if kernel:
                yield kernel
            kernel = Kernel(found[1], [], *resources.get(found[1], (0, 0)))
        elif kernel and (found := LINE.match(line)):
            kernel.instructions.append(Instruction(int(found[1], 16), found[2] or "", found[3], found[4]))
    if kernel:
        yield kernel


class Graph:
    """Basic blocks, named by the address of their first instruction."""

    def __init__(self, instructions: list[Instruction]) -> None:
        starts = {instructions[0].address} if instructions else set()
        for i, following in itertools.pairwise(instructions):
            if i.target is not None:
                starts.add(i.target)
            if i.target is not None or i.name in ENDS:
                starts.add(following.address)
        self.blocks: dict[int, list[Instruction]] = {}
        for i in instructions:
            if i.address in starts:
                block = self.blocks[i.address] = []
            block.append(i)
        following = dict(zip(self.blocks, list(self.blocks)[1:], strict=False))
        self.successors = {start: list(self.leave(start, following.get(start))) for start in self.blocks}

    def leave(self, start: int, following: int | None) -> Iterator[int]:
        last = self.blocks[start][-1]
        if last.target is not None and last.target in self.blocks:
            yield last.target
        stays = last.target is not None or last.name in ENDS
        if following is not None and (not stays or last.conditional):
            yield following


def way(instructions: list[Instruction]) -> Way | None:
    """From the entry to an exit, moving the most bytes."""
    graph = Graph(instructions)
    ends = {start for start, code in graph.blocks.items() if code[-1].name == "EXIT"}
    calls = sum(i.name == "CALL" for i in instructions)
    shortest, longest = (fast_path(graph, sign, next(iter(graph.blocks)), ends) for sign in (-1, 1))
    if not shortest or not longest or not any(i.name == "STG" for i in shortest):
        return None
    return Way(shortest, calls, len(longest) - len(shortest))


def round_of_loop(instructions: list[Instruction]) -> Way | None:
    """Once round the loop that moves the most bytes, by the longest way: what is not asked for is jumped over."""
    graph = Graph(instructions)
    backwards = [(s, block) for block in graph.blocks for s in graph.successors[block] if s <= block]
    calls = sum(i.name == "CALL" for i in instructions)
    paths = [path for first, last in backwards if (path := fast_path(graph, 1, first, {last}))]
    rounds = [Way(path, calls, 0) for path in paths if any(i.name == "STG" for i in path)]
    return max(rounds, key=lambda w: w.moved, default=None)


def fast_path(graph: Graph, sign: int, first: int, ends: set[int]) -> list[Instruction] | None:
    """From one block to an end, moving the most bytes, then the fewest instructions (sign -1) or the most."""

    @functools.cache
    def best(block: int) -> tuple[int, int, tuple[int, ...]] | None:
        code = graph.blocks[block]
        if any(i.name == "CALL" for i in code):
            return None
        length = len(code)
        moved = sum(i.bytes for i in code if i.name in ("LDG", "STG"))
        ways = [(0, 0, ())] if block in ends else []
        ways += [w for s in graph.successors[block] if s > block and (w := best(s))]
        if not ways:
            return None
        bytes_, rank, path = max(ways, key=lambda w: w[:2])
        return moved + bytes_, sign * length + rank, (block, *path)

    found = best(first)
    return [i for block in found[2] for i in graph.blocks[block]] if found else None
