# SPDX-License-Identifier: Apache-2.0
"""What a measured figure is worth nothing without: the versions, the processor and the commit."""

import platform
import subprocess
from pathlib import Path
from shutil import which

import torch

import smoothact


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def commit(folder: Path) -> str:
    """Of the checkout that the folder is in; empty where it is in none."""
    git = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() if which("git") else ""


def environment(device: str = "cpu") -> dict[str, str]:
    on_gpu, checkout = device.startswith("cuda"), commit(Path(__file__).parent)
    return {
        "smoothact": smoothact.__version__ + (f" ({checkout})" if checkout else ""),
        "torch": str(torch.__version__),
        "hardware": torch.cuda.get_device_name() if on_gpu else processor(),
        "instruction set": device if on_gpu else smoothact._C.cpu_capability(),
    }


def sentence(about: dict[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in about.items()) + "."
