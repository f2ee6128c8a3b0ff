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
FUNCTIONAL = """from typing import Literal

from torch import Tensor

from ._gates import *
from ._noisy import noisy_relu as noisy_relu
from ._pade import pau as pau
from ._smooth_max import *
"""
NN = """from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from ._catalogue import Descriptor
from ._adaptive import TAAF as TAAF, MetaACON as MetaACON
from ._gate_modules import *
from ._noisy import NoisyReLU as NoisyReLU
from ._pade import PAU as PAU
from ._smooth_max import SmoothMax as SmoothMax

class Activation(nn.Module):
    descriptor: ClassVar[Descriptor]
    learnt: dict[str, float]
    fewbit: int | None
    def reset_parameters(self) -> None: ...
    def forward(self, input: Tensor, *, bias: Tensor | None = None) -> Tensor: ...
    def __call__(self, input: Tensor, *, bias: Tensor | None = None) -> Tensor: ...

class PReLU(Activation):
    weight: nn.Parameter
    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None: ...

def get(name: str, **arguments: Any) -> Activation: ...
"""


def registry(path: str) -> list[dict]:
    import torch  # noqa: F401  loads what the module links to

    spec = spec_from_file_location("_C", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.registry())


FEWBIT = "fewbit: Literal[2, 3, 4] | None = None"
# What every module with parameters takes beside them.
LEARNING = [
    "learnable: bool | Iterable[str] = False",
    "num_parameters: int = 1",
    "dim: int = 1",
    "constraint: Literal['softplus'] | None = None",
    "device: torch.device | str | None = None",
    "dtype: torch.dtype | None = None",
]


def arguments(entry: dict, kind: str = "float") -> list[str]:
    """The keyword arguments that function and module share; `kind` is what a parameter may be."""
    out = [
        f"{p['name']}: {kind}{' | None' if p['optional'] else ''} = {None if p['optional'] else p['default']}"
        for p in entry["parameters"]
    ]
    if entry["selector"]:
        keyword, choices = entry["selector"]
        out.append(f"{keyword}: Literal[{', '.join(map(repr, choices))}] = {next(iter(choices))!r}")
    return out + ["inplace: bool = False"] * entry["inplace"]


def functional(entries: list[dict]) -> str:
    out = [HEADER, FUNCTIONAL]
    for entry in entries:
        learns = ["*", "bias: Tensor | None = None", "dim: int = 1", FEWBIT]
        signature = ", ".join(["input: Tensor", *arguments(entry, "float | Tensor"), *learns])
        out.append(f'\ndef {entry["name"]}({signature}) -> Tensor:\n    """{entry["definition"]}"""\n')
    out.append("\ndef prelu(input: Tensor, weight: Tensor) -> Tensor: ...\n")
    return "".join(out)


def nn(entries: list[dict]) -> str:
    out = [HEADER, NN]
    for entry in entries:
        learning = LEARNING if entry["parameters"] else []
        signature = ", ".join(["self", *arguments(entry), "*", *learning, FEWBIT])
        fields = "".join(f"    {a.split(' = ')[0]}\n" for a in arguments(entry, "float | nn.Parameter"))
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
