# SPDX-License-Identifier: Apache-2.0
"""What functions of several families check of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

FLOATS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def check_dtype(op: str, value: Tensor, which: str = "") -> None:
    if value.dtype not in FLOATS:
        raise NotImplementedError(
            f"{op}: {which}not implemented for dtype {value.dtype}; "
            "expected torch.float64, torch.float32, torch.bfloat16 or torch.float16"
        )


def widened(t: Tensor) -> Tensor:
    """In the type that is computed in."""
    return t.float() if t.dtype in (torch.bfloat16, torch.float16) else t


def check_bias(op: str, which: str, bias: Any, shape: Sequence[int] | None = None, dim: int = 0) -> None:
    """Of what has that shape, if it is told."""
    if not isinstance(bias, Tensor):
        raise TypeError(f"{op}(): argument '{which}' must be Tensor or None, not {type(bias).__name__}")
    if shape is None:
        return
    if bias.dtype not in FLOATS:
        raise TypeError(f"{op}: expected {which} to be of float64, float32, bfloat16 or float16, got {bias.dtype}")
    if bias.dim() > 1:
        raise ValueError(f"{op}: expected {which} to have no dimensions or one, got shape {list(bias.shape)}")
    if bias.numel() != 1 and (not -len(shape) <= dim < len(shape) or bias.shape[0] != shape[dim]):
        raise ValueError(
            f"{op}: expected {which} to have the size of {tuple(shape)} along dim {dim}, got shape {list(bias.shape)}"
        )
