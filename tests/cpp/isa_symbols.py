# SPDX-License-Identifier: Apache-2.0
"""isa_symbols.py NM OBJDUMP ISA OBJECT...: what is compiled for a newer CPU must not run on an older one.

Of an inline function that several objects define, the linker keeps one: were it the AVX-512 copy of some std:: or at::
function, an older CPU would die of an illegal instruction. So would it in an initialiser, which runs as the library loads.
"""

import re
import subprocess
import sys

nm, objdump, isa, *objects = sys.argv[1:]


def lines(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


symbols = [line.split(maxsplit=2) for line in lines(nm, "-C", "--defined-only", *objects) if line[:1].isalnum()]
symbols = [s for s in symbols if len(s) == 3]
shared = {s[2] for s in symbols if s[1] in "WVuT" and f"smoothact::{isa}::" not in s[2]}
startup = lines(objdump, "-d", "--no-show-raw-insn", "-j", ".text.startup", *objects)
vector = {line.split("\t", 1)[1] for line in startup if re.search(r"\tv[a-z]+|%[yz]mm", line)}

for finding in sorted(shared) + sorted(vector):
    print(f"{isa}: {finding}")
print(f"{isa}: {len(symbols)} symbols, {len(shared)} shared; {len(startup)} lines of start-up, {len(vector)} vector")
sys.exit(bool(shared or vector or not symbols))
