# SPDX-License-Identifier: Apache-2.0
"""What the build needs to know of the machine: which torch, how many jobs."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH_RANGE = re.search(r'^torch = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
GIB = 1 << 30


@cache
def find_torch() -> Path | None:
    """The site-packages folder that holds the torch to build against."""
    if named := os.environ.get("SMOOTHACT_TORCH"):
        folder = Path(named).expanduser().resolve()
        folder = folder.parent if folder.name == "torch" else folder
        if not (folder / "torch/version.py").exists():
            raise SystemExit(f"smoothact: no torch in SMOOTHACT_TORCH={named}; name a site-packages folder")
        return folder
    spec = find_spec("torch")
    if spec and spec.origin:
        return Path(spec.origin).parent.parent
    return _behind_isolation()


def _behind_isolation() -> Path | None:
    """pip isolates by PYTHONPATH alone: without it, the interpreter sees the user's torch."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONNOUSERSITE")}
    code = "import importlib.util as u; s = u.find_spec('torch'); print(s.origin if s and s.origin else '')"
    out = subprocess.run([sys.executable, "-c", code], env=env, cwd="/", capture_output=True, text=True).stdout.strip()
    return Path(out).parent.parent if out else None


def torch_version(folder: Path) -> str:
    return runpy.run_path(str(folder / "torch/version.py"))["__version__"]


def torch_requirement() -> str:
    """The wheel works with the minor version it was compiled against and no other."""
    folder = find_torch()
    if folder is None:
        return f"torch{TORCH_RANGE}"
    version = torch_version(folder)
    minor = re.match(r"(\d+)\.(\d+)", version)
    low, end = re.findall(r"(\d+)\.(\d+)", TORCH_RANGE)
    if not tuple(map(int, low)) <= tuple(map(int, minor.groups())) < tuple(map(int, end)):
        raise SystemExit(
            f"smoothact: torch {version} at {folder} is not supported; run: pip install 'torch{TORCH_RANGE}'"
        )
    return f"torch=={minor[0]}.*"


def jobs() -> int:
    """As many compilers as there are cores, and as fit into memory at 2 GiB each. MAX_JOBS overrides."""
    if fixed := os.environ.get("MAX_JOBS"):
        return max(1, int(fixed))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _free_memory() // (2 * GIB)))


def _free_memory() -> int:
    free = []
    try:
        meminfo = Path("/proc/meminfo").read_text()
        free.append(int(re.search(r"MemAvailable:\s+(\d+)", meminfo)[1]) << 10)
        group = Path("/sys/fs/cgroup")
        free.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    except (OSError, TypeError, ValueError):
        pass
    return min(free, default=8 * GIB)


if __name__ == "__main__":
    print(jobs())
