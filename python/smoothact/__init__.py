# SPDX-License-Identifier: Apache-2.0
"""Fused CPU and CUDA kernels for smooth ReLUs and sigmoids, differentiable to any order.

>>> import torch, smoothact
>>> smoothact.functional.mish(torch.zeros(2))
tensor([0., 0.])
"""

from pathlib import Path as _Path

from ._check import check_torch as _check_torch

_build = _check_torch()

from . import _C, _sharding, fewbit, functional, init, nn  # noqa: E402, F401
from ._audit import audit  # noqa: E402
from ._catalogue import Catalogue, Descriptor, Parameter, Resolved, catalogue  # noqa: E402
from ._patch import patch, unpatch  # noqa: E402
from ._policy import compiling  # noqa: E402
from ._recompute import recompute  # noqa: E402
from .nn import get  # noqa: E402

_sharding.register_when_imported()

__version__: str = _build.VERSION
cmake_prefix_path: str = str(_Path(__file__).parent / "share" / "cmake")

__all__ = [
    "Catalogue",
    "Descriptor",
    "Parameter",
    "Resolved",
    "audit",
    "catalogue",
    "cmake_prefix_path",
    "compiling",
    "fewbit",
    "functional",
    "get",
    "init",
    "nn",
    "patch",
    "recompute",
    "unpatch",
]
