# SPDX-License-Identifier: Apache-2.0
"""``make bench``: call cost, then the forward pass."""

import subprocess
import sys
from pathlib import Path

for name in ("calls.py", "forward.py"):
    subprocess.run([sys.executable, Path(__file__).with_name(name), *sys.argv[1:]], check=True)
