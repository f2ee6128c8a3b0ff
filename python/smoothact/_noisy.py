# SPDX-License-Identifier: Apache-2.0
"""The stochastic ReLU: a sample in training, its exact mean in evaluation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ._arguments import check_dtype, widened

__all__ = ["NoisyReLU", "noisy_relu"]

STDS = ("sigmoid", "sqrt_sigmoid")
# Left of it x is 800 deviations below 0 or more, right of it they are 1.
LEAST, MOST = -9.0, 40.0


def check_std(op: str, std: float | str) -> None:
    if isinstance(std, str):
        if std not in STDS:
            raise ValueError(f"{op}: std must be a number, {' or '.join(map(repr, STDS))}, got {std!r}")
    elif isinstance(std, bool) or not isinstance(std, (int, float)):
        raise TypeError(f"{op}(): argument 'std' must be float or str, not {type(std).__name__}")
    elif not 0 <= std < math.inf:
        raise ValueError(f"{op}: std must be non-negative and finite, got {std}")
    elif std and not 1e-30 <= std <= 1e15:  # what gaussian_relu takes
        raise ValueError(f"{op}: std must be 0 or from 1e-30 to 1e15, got {std}")


def noisy_relu(
    input: Tensor,
    std: float | str = "sigmoid",
    training: bool = False,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """``max(0, x + std(x) * noise)``, noise standard normal; or what that is on average, elementwise.

    In training a sample, from torch's generator of the device or the one that is given. It is differentiated for the
    noise that was drawn: x moves the sum directly and through the deviation. In evaluation the exact mean,
    ``x * Phi(x / std) + std * phi(x / std)``, which is :func:`gaussian_relu` of ``s = std``.

    Args:
        input: a floating-point tensor of any shape.
        std: the deviation of the noise: a number, in the unit of ``input``; ``"sigmoid"``, which is sigmoid(x); or
            ``"sqrt_sigmoid"``, whose square is, as in the paper.
        training: whether to sample.
        generator: of the device of ``input``.

    Returns:
        A tensor of the shape and dtype of ``input``.

    Raises:
        NotImplementedError: ``input`` is not a strided float64, float32, bfloat16 or float16 tensor.
        TypeError: an argument is of another type.
        ValueError: ``std`` is another word, negative, or beyond 1e-30 to 1e15 and not 0.

    Source: Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """
    check_std("noisy_relu", std)
    if not isinstance(input, Tensor):
        raise TypeError(f"noisy_relu(): argument 'input' must be Tensor, not {type(input).__name__}")
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(f"noisy_relu(): argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    if input.layout != torch.strided:
        raise NotImplementedError(f"noisy_relu: not implemented for layout {input.layout}; expected a strided tensor")
    check_dtype("noisy_relu", input)
    return _sample(input, std, generator) if training else _mean(input, std)


def _deviation(x: Tensor, std: float | str) -> Tensor | float:
    if not isinstance(std, str):
        return std
    if std == "sigmoid":
        return torch.ops.smoothact.sigmoid(x)
    return torch.exp(0.5 * torch.ops.smoothact.logsigmoid(x))  # a square root has no slope at 0


def _sample(input: Tensor, std: float | str, generator: torch.Generator | None) -> Tensor:
    x = widened(input)
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    # A zero deviation and a far draw make no NaN; at -inf the deviation is 0, and max(0, -inf) is 0.
    return torch.relu(x + _deviation(x, std) * noise).to(input.dtype)


def _mean(input: Tensor, std: float | str) -> Tensor:
    if not isinstance(std, str):
        return torch.ops.smoothact.gaussian_relu(input, std) if std else torch.ops.smoothact.relu(input)
    # In double: a rounding of x / std counts as often in the tail as its square. Bounded, lest a 0 meet an infinity.
    x = input.double().clamp(min=LEAST)
    deviation = _deviation(x.clamp(max=MOST), std)
    return (deviation * torch.ops.smoothact.gaussian_relu(x / deviation, 1.0)).to(input.dtype)


class NoisyReLU(nn.Module):
    """Applies :func:`smoothact.functional.noisy_relu`: a sample in training mode, its mean in evaluation mode.

    Args:
        std: the deviation of the noise: a number, ``"sigmoid"`` or ``"sqrt_sigmoid"``.
    """

    def __init__(self, std: float | str = "sigmoid") -> None:
        super().__init__()
        check_std(type(self).__name__, std)
        self.std = std

    def forward(self, input: Tensor) -> Tensor:
        return noisy_relu(input, self.std, self.training)

    def extra_repr(self) -> str:
        return f"std={self.std!r}"
