# SPDX-License-Identifier: Apache-2.0
"""Reads cuobjdump's listing: the main loop of each kernel and what one trip round it issues."""

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
class Loop:
    """One trip round the main loop, by the path without calls and inner loops."""

    path: list[Instruction]
    calls: int  # in the loop, off the path: slow cases of a division, say
    spread: int  # how much longer the longest such path is

    def count(self, *names: str) -> int:
        return sum(i.name in names for i in self.path)

    def pipes(self) -> Counter[str]:
        return Counter(i.pipe for i in self.path)

    def widths(self, name: str) -> list[int]:
        return [8 * i.bytes for i in self.path if i.name == name]

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

    def main_loop(self) -> Loop | None:
        return main_loop(self.instructions)


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
        self.predecessors: dict[int, list[int]] = {start: [] for start in self.blocks}
        for start, successors in self.successors.items():
            for s in successors:
                self.predecessors[s].append(start)

    def leave(self, start: int, following: int | None) -> Iterator[int]:
        last = self.blocks[start][-1]
        if last.target is not None and last.target in self.blocks:
            yield last.target
        stays = last.target is not None or last.name in ENDS
        if following is not None and (not stays or last.conditional):
            yield following

    def loops(self) -> Iterator[tuple[int, set[int]]]:
        """(header, blocks) of every backward branch that is more than the endless one after the code."""
        for latch, successors in self.successors.items():
            for header in successors:
                if header > latch or (header == latch and len(self.blocks[latch]) == 1):
                    continue
                body, open_ = {header, latch}, [latch]
                while open_:
                    block = open_.pop()
                    if block == header:
                        continue
                    for p in self.predecessors[block]:
                        if p not in body:
                            body.add(p)
                            open_.append(p)
                yield header, body


def main_loop(instructions: list[Instruction]) -> Loop | None:
    """The largest loop that stores to global memory."""
    graph = Graph(instructions)
    loops: dict[int, set[int]] = {}
    for header, body in graph.loops():
        loops[header] = loops.get(header, set()) | body

    def size(body: set[int]) -> int:
        return sum(len(graph.blocks[b]) for b in body)

    storing = {h: body for h, body in loops.items() if any(i.name == "STG" for b in body for i in graph.blocks[b])}
    if not storing:
        return None
    header = max(storing, key=lambda h: size(storing[h]))
    body = storing[header]
    inner = set().union(*(b for h, b in loops.items() if h != header and h in body and b < body))
    calls = sum(i.name == "CALL" for b in body for i in graph.blocks[b])
    shortest, longest = (fast_path(graph, header, body - inner, sign) for sign in (-1, 1))
    return Loop(shortest, calls, len(longest) - len(shortest)) if shortest and longest else None


def fast_path(graph: Graph, header: int, allowed: set[int], sign: int) -> list[Instruction] | None:
    """From the header back to it, moving the most bytes, then the fewest instructions (sign -1) or the most."""

    @functools.cache
    def best(block: int) -> tuple[int, int, tuple[int, ...]] | None:
        code = graph.blocks[block]
        if any(i.name == "CALL" for i in code):
            return None
        length = len(code)
        moved = sum(i.bytes for i in code if i.name in ("LDG", "STG") and not i.predicate)
        ways = [(0, 0, ())] if header in graph.successors[block] else []
        ways += [w for s in graph.successors[block] if s in allowed and s > block and (w := best(s))]
        if not ways:
            return None
        bytes_, rank, path = max(ways, key=lambda w: w[:2])
        return moved + bytes_, sign * length + rank, (block, *path)

    found = best(header)
    return [i for block in found[2] for i in graph.blocks[block]] if found else None
