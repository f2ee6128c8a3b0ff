# SPDX-License-Identifier: Apache-2.0
"""isa_symbols.py NM ISA OBJECT...: objects compiled for a newer CPU may share no code with the others.

Of an inline function that several objects define, the linker keeps one. Were it the AVX-512 copy of some std:: or at::
function, an older CPU would die of an illegal instruction.
"""

import subprocess
import sys

nm, isa, *objects = sys.argv[1:]
listing = subprocess.run([nm, "-C", "--defined-only", *objects], check=True, capture_output=True, text=True).stdout
symbols = [line.split(maxsplit=2) for line in listing.splitlines() if not line.endswith(":")]
shared = sorted({s[2] for s in symbols if len(s) == 3 and s[1] in "WVuT" and f"smoothact::{isa}::" not in s[2]})
print("\n".join(f"{isa}: {name}" for name in shared) or f"{isa}: {len(symbols)} symbols, all its own")
sys.exit(bool(shared))
