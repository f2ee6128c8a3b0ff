# SPDX-License-Identifier: Apache-2.0
"""Writes functional.pyi and nn.pyi from the registry of a compiled module: stubs.py MODULE_FILE TORCH_FOLDER OUTPUT_FOLDER.

The functions and modules are made at run time from the descriptors; completion and type checkers need them as text.
A module that cannot be loaded here (cross build) leaves no stubs behind and is no error.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

HEADER = "# SPDX-License-Identifier: Apache-2.0\n"


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


def docstring(entry: dict, indent: str) -> str:
    return f'{indent}"""{entry["definition"]}"""\n'


def functional(entries: list[dict]) -> str:
    out = [HEADER, "from typing import Literal\n\nfrom torch import Tensor\n"]
    for entry in entries:
        signature = ", ".join(["x: Tensor", *arguments(entry)])
        out.append(f"\ndef {entry['name']}({signature}) -> Tensor:\n{docstring(entry, '    ')}    ...\n")
        out += [f"\n{alias} = {entry['name']}\n" for alias in entry["aliases"]]
    return "".join(out)


def nn(entries: list[dict]) -> str:
    out = [HEADER, "from typing import Literal\n\nfrom torch import Tensor, nn\n"]
    for entry in entries:
        signature = ", ".join(["self", *arguments(entry)])
        out.append(
            f"\nclass {entry['module']}(nn.Module):\n{docstring(entry, '    ')}"
            f"    def __init__({signature}) -> None: ...\n    def forward(self, x: Tensor) -> Tensor: ...\n"
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
