# SPDX-License-Identifier: Apache-2.0
"""Modules that adapt an activation of the catalogue: by a squeeze network, by scales and shifts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from . import _learned
from ._arguments import check_dtype
from ._catalogue import catalogue

__all__ = ["TAAF", "MetaACON"]


class MetaACON(nn.Module):
    """ACON-C whose ``beta`` is computed for every sample and channel: ``(p1 - p2) x sigmoid(beta (p1 - p2) x) + p2 x``.

    ``beta = sigmoid(bn2(fc2(bn1(fc1(mean(x))))))``, the mean over all dims but the first two; ``fc1`` reduces the
    channels, ``fc2`` restores them, ``bn1`` and ``bn2`` are batch norms. ``p1`` and ``p2`` have an element for every
    channel. Beside the mean it is one pass over the data, as :func:`smoothact.functional.acon_c`.

    Args:
        num_parameters: the number of channels, along the second dim of the input.
        reduction: what ``fc1`` divides them by; as many features as this stay at least.
        device, dtype: of what is learnt.

    Raises:
        ValueError: there is no channel, the reduction is less than 1, or an input has fewer than two dims.

    Source: Ma et al. 2020, arXiv:2009.04759.
    """

    def __init__(self, num_parameters: int, reduction: int = 16, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if num_parameters < 1 or reduction < 1:
            raise ValueError(
                f"MetaACON: num_parameters and reduction must be at least 1, got {num_parameters} and {reduction}"
            )
        kind = {"device": device, "dtype": dtype}
        self.num_parameters, self.reduction = num_parameters, reduction
        self.p1 = nn.Parameter(torch.empty(num_parameters, **kind))
        self.p2 = nn.Parameter(torch.empty(num_parameters, **kind))
        features = max(reduction, num_parameters // reduction)
        self.fc1, self.bn1 = nn.Linear(num_parameters, features, **kind), nn.BatchNorm1d(features, **kind)
        self.fc2, self.bn2 = nn.Linear(features, num_parameters, **kind), nn.BatchNorm1d(num_parameters, **kind)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Makes it ACON-C's own start: leaky on average, by the defaults of p1 and p2."""
        for name in ("p1", "p2"):
            default = next(p.default for p in catalogue["acon_c"].parameters if p.name == name)
            nn.init.constant_(getattr(self, name), default)
        for layer in (self.fc1, self.bn1, self.fc2, self.bn2):
            layer.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() < 2 or input.shape[1] != self.num_parameters:
            raise ValueError(
                f"MetaACON: expected an input with {self.num_parameters} channels along dim 1, got shape "
                f"{tuple(input.shape)}"
            )
        check_dtype("MetaACON", input)
        squeezed = input.mean(tuple(range(2, input.dim()))) if input.dim() > 2 else input
        squeezed = squeezed.to(self.fc1.weight.dtype)
        beta = torch.sigmoid(self.bn2(self.fc2(self.bn1(self.fc1(squeezed)))))
        # Samples are channels too: one call for all.
        samples = input.shape[0]
        each = [self.p1.repeat(samples), self.p2.repeat(samples), beta.flatten()]
        return _learned.call("acon_c", 0, input.flatten(0, 1), *each).view_as(input)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}, reduction={self.reduction}"


class TAAF(nn.Module):
    """``alpha * f(beta * x + gamma) + delta`` of an activation f: two scales and two shifts that are learnt.

    Args:
        activation: f, a module.
        num_parameters: 1, or the number of channels along ``dim``, each with parameters of its own.
        dim: the dim of the input that has the channels.
        device, dtype: of what is learnt; they start as 1, 1, 0 and 0.

    Raises:
        TypeError: the activation is no module.
        ValueError: there is no channel, or an input has not as many.

    Source: Kunc & Klema 2021, "On transformative adaptive activation functions in neural networks for gene expression
    inference".
    """

    def __init__(
        self, activation: nn.Module, num_parameters: int = 1, dim: int = 1, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        if not isinstance(activation, nn.Module):
            raise TypeError(f"TAAF: activation must be a module, got {type(activation).__name__}")
        if num_parameters < 1:
            raise ValueError(f"TAAF: num_parameters must be at least 1, got {num_parameters}")
        self.activation, self.num_parameters, self.dim = activation, num_parameters, dim
        for name in ("alpha", "beta", "gamma", "delta"):
            self.register_parameter(name, nn.Parameter(torch.empty(num_parameters, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Makes it the activation itself."""
        for name, value in (("alpha", 1.0), ("beta", 1.0), ("gamma", 0.0), ("delta", 0.0)):
            nn.init.constant_(getattr(self, name), value)

    def _along(self, p: Tensor, input: Tensor) -> Tensor:
        if self.num_parameters == 1:
            return p.to(input.dtype).reshape(())
        if not -input.dim() <= self.dim < input.dim() or input.shape[self.dim] != self.num_parameters:
            raise ValueError(
                f"TAAF: expected an input with {self.num_parameters} channels along dim {self.dim}, got shape "
                f"{tuple(input.shape)}"
            )
        shape = [1] * input.dim()
        shape[self.dim] = -1
        return p.to(input.dtype).view(shape)

    def forward(self, input: Tensor) -> Tensor:
        check_dtype("TAAF", input)
        alpha, beta, gamma, delta = (self._along(p, input) for p in (self.alpha, self.beta, self.gamma, self.delta))
        return torch.addcmul(delta, alpha, self.activation(torch.addcmul(gamma, beta, input)))

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}, dim={self.dim}"
