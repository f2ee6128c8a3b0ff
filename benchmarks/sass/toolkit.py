# SPDX-License-Identifier: Apache-2.0
"""nvcc and cuobjdump: where they are, and what is asked of them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CSRC = ROOT / "csrc"
FLAGS = ("--fmad=false", "--expt-relaxed-constexpr")  # as in cmake/Library.cmake, where they change the code


class ToolMissing(RuntimeError):
    pass


def nvcc() -> str:
    roots = [os.environ.get(name) for name in ("CUDA_HOME", "CUDA_PATH")] + ["/usr/local/cuda"]
    candidates = [os.environ.get("CUDACXX"), "nvcc", *(f"{root}/bin/nvcc" for root in roots if root)]
    for candidate in candidates:
        if candidate and (found := shutil.which(candidate)):
            return found
    raise ToolMissing("no nvcc: put it on PATH, set CUDA_HOME or CUDACXX, or give a built library with --object")


def cuobjdump() -> str:
    """The toolkit's, beside nvcc or on PATH, else the one in triton's wheel; it calls the nvdisasm beside it."""
    folders = []
    with contextlib.suppress(ToolMissing):
        folders.append(Path(nvcc()).parent)
    if (spec := importlib.util.find_spec("triton")) and spec.origin:
        folders.append(Path(spec.origin).parent / "backends/nvidia/bin")
    for folder in folders:
        if all((folder / tool).exists() for tool in ("cuobjdump", "nvdisasm")):
            return str(folder / "cuobjdump")
    if (found := shutil.which("cuobjdump")) and shutil.which("nvdisasm"):
        return found
    raise ToolMissing("no cuobjdump with nvdisasm: they come with the CUDA toolkit and with triton's wheel")


def version() -> str:
    return re.search(r"release .*?, V(\S+)", run([nvcc(), "--version"]))[1]


def enumerators(name: str) -> list[str]:
    text = (CSRC / "kernels/request.h").read_text()
    return re.search(rf"enum class {name} : int {{ (.*?) }};", text)[1].split(", ")


def activations() -> dict[str, str]:
    """Name -> class, in the order of the list."""
    listed = re.search(r"TypeList<\n\s*(.*?)\s*>;", (CSRC / "activations.h").read_text(), re.DOTALL)[1]
    described = re.compile(r'^struct (\w+)(?:(?!^struct).)*?\.name = "(\w+)"', re.DOTALL | re.MULTILINE)
    names = {cls: name for h in (CSRC / "activations").glob("*.h") for cls, name in described.findall(h.read_text())}
    return {names[c]: c for c in re.split(r",\s*", listed)}


def block_size() -> int:
    return int(re.search(r"threads_per_block = (\d+);", (CSRC / "cuda/indexing.h").read_text())[1])


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout


def compile_kernels(cls: str, operations: list[str], dtypes: list[str], arch: str, folder: Path) -> Path:
    """One activation's kernels of these operations and dtypes."""
    headers = [h for h in (CSRC / "activations").glob("*.h") if h.name not in ("descriptor.h", "type_list.h")]
    (folder / "activations").mkdir(exist_ok=True)
    (folder / "activations/all.h").write_text("#pragma once\n" + "".join(f'#include "{h}"\n' for h in headers))
    kernels = ",\n".join(
        f"(const void*)smoothact::cuda::pointwise_kernel"
        f"<smoothact::{cls}, smoothact::Operation::{o}, smoothact::DType::{d}>"
        for o in operations
        for d in dtypes
    )
    source, cubin = folder / f"{cls}.cu", folder / f"{cls}.cubin"
    includes = '#include "activations.h"\n#include "cuda/elementwise.cuh"\n'
    source.write_text(f"{includes}const void* kernels[] = {{\n{kernels}}};\n")
    options = ["-std=c++20", "-O3", *FLAGS, f"-I{CSRC}", f"-I{folder}", f"-gencode=arch=compute_{arch},code=sm_{arch}"]
    run([nvcc(), *options, "-cubin", "-o", str(cubin), str(source)])
    return cubin


def disassemble(binary: Path, arch: str) -> str:
    only = [] if binary.suffix == ".cubin" else ["-arch", f"sm_{arch}"]
    return run([cuobjdump(), *only, "-sass", "-res-usage", str(binary)])
