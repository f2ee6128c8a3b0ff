# SPDX-License-Identifier: Apache-2.0
"""stubs.py MODULE TORCH_FOLDER OUTPUT_FOLDER: functional.pyi and nn.pyi from a compiled module's registry.

Functions and modules are made at run time from descriptors; completion and type checkers need them as text.
A module that cannot be loaded here (cross build) leaves no stubs behind and is no error.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

HEADER = "# SPDX-License-Identifier: Apache-2.0\n"
NN = """from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from ._catalogue import Descriptor
from ._gate_modules import *

class Activation(nn.Module):
    descriptor: ClassVar[Descriptor]
    def forward(self, input: Tensor) -> Tensor: ...
    def __call__(self, input: Tensor) -> Tensor: ...

def get(name: str, **arguments: Any) -> Activation: ...
"""


def registry(path: str) -> list[dict]:
    import torch  # noqa: F401  loads what the module links to

    spec = spec_from_file_location("_C", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.registry())


def arguments(entry: dict) -> list[str]:
    """The keyword arguments that function and module share."""
    out = [
        f"{p['name']}: float{' | None' if p['optional'] else ''} = {None if p['optional'] else p['default']}"
        for p in entry["parameters"]
    ]
    if entry["selector"]:
        keyword, choices = entry["selector"]
        out.append(f"{keyword}: Literal[{', '.join(map(repr, choices))}] = {next(iter(choices))!r}")
    return out + ["inplace: bool = False"] * entry["inplace"]


def functional(entries: list[dict]) -> str:
    out = [HEADER, "from typing import Literal\n\nfrom torch import Tensor\n\nfrom ._gates import *\n"]
    for entry in entries:
        signature = ", ".join(["input: Tensor", *arguments(entry)])
        out.append(f'\ndef {entry["name"]}({signature}) -> Tensor:\n    """{entry["definition"]}"""\n')
    return "".join(out)


def nn(entries: list[dict]) -> str:
    out = [HEADER, NN]
    for entry in entries:
        signature = ", ".join(["self", *arguments(entry)])
        fields = "".join(f"    {a.split(' = ')[0]}\n" for a in arguments(entry))
        out.append(
            f'\nclass {entry["module"]}(Activation):\n    """{entry["definition"]}"""\n\n{fields}'
            f"    def __init__({signature}) -> None: ...\n"
        )
    return "".join(out)


def main(module: str, torch: str, folder: str) -> None:
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    sys.path.append(torch)
    try:
        entries = registry(module)
        (out / "functional.pyi").write_text(functional(entries))
        (out / "nn.pyi").write_text(nn(entries))
    except Exception as error:
        print(f"smoothact: no stubs ({type(error).__name__}: {error})")
    (out / "stamp").touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
