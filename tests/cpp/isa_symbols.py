# SPDX-License-Identifier: Apache-2.0
"""isa_symbols.py NM OBJDUMP ISA OBJECT...: what is compiled for a newer CPU must not run on an older one.

Of an inline function that several objects define, the linker keeps one: were it the AVX-512 copy of one of
std::, an older CPU would meet an illegal instruction. So it would in an initialiser, which runs while
the library loads.
"""

import re
import subprocess
import sys

nm, objdump, isa, *objects = sys.argv[1:]


def lines(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


listing = [line.split(maxsplit=2) for line in lines(nm, "-C", "--defined-only", *objects)]
symbols = [s for s in listing if len(s) == 3]
shared = {s[2] for s in symbols if s[1] in "WVuT" and f"smoothact::{isa}::" not in s[2]}
startup = lines(objdump, "-d", "--no-show-raw-insn", "-j", ".text.startup", *objects)
vector = {line.split("\t", 1)[1] for line in startup if re.search(r"\tv[a-z]+|%[yz]mm", line)}

for finding in sorted(shared) + sorted(vector):
    print(f"{isa}: {finding}")
print(f"{isa}: {len(shared)} of {len(symbols)} symbols shared, {len(vector)} vector instructions at start")
sys.exit(bool(shared or vector or not symbols))
