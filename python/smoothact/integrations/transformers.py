# SPDX-License-Identifier: Apache-2.0
"""The activations that Transformers makes by name (``config.hidden_act``), from smoothact.

``register()`` before a model is built; the model's config keeps Transformers' own key, and its ``state_dict`` the same
names, so that a checkpoint loads where smoothact is not installed.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .. import functional
from .. import nn as ours
from .._catalogue import catalogue
from ._registration import Registration, Replaced, Switch

__all__ = ["XIELU", "register", "unregister"]


class XIELU(nn.Module):
    """xIELU by Transformers' parameters: softplus of ``alpha_p``, and ``beta`` above softplus of ``alpha_n``.

    :func:`smoothact.functional.xielu` of those. Transformers' own stops its expm1 at ``eps``, -1e-6, which changes f by
    less than that where x is between it and 0; ours does not, and keeps ``eps`` for the checkpoint alone.

    Args:
        alpha_p_init, alpha_n_init: what alpha_p and alpha_n come to, the latter above beta.
        beta: the slope at 0.
        eps, with_vector_loads: as Transformers has them; not used.
        dtype: of parameters and buffers.

    Source: Huang & Schlag 2024, arXiv:2411.13010.
    """

    def __init__(
        self,
        alpha_p_init: float = 0.8,
        alpha_n_init: float = 0.8,
        beta: float = 0.5,
        eps: float = -1e-6,
        dtype: torch.dtype = torch.bfloat16,
        with_vector_loads: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("alpha_p_init", alpha_p_init), ("alpha_n_init - beta", alpha_n_init - beta)):
            if not 0 < value < math.inf:
                raise ValueError(f"XIELU: {name} must be positive and finite, got {value}")
        self.alpha_p = nn.Parameter(torch.tensor([alpha_p_init], dtype=dtype).expm1().log())
        self.alpha_n = nn.Parameter(torch.tensor([alpha_n_init - beta], dtype=dtype).expm1().log())
        self.register_buffer("beta", torch.tensor(beta, dtype=dtype))
        self.register_buffer("eps", torch.tensor(eps, dtype=dtype))

    def forward(self, input: Tensor) -> Tensor:
        alpha_p = nn.functional.softplus(self.alpha_p)
        alpha_n = self.beta + nn.functional.softplus(self.alpha_n)
        return functional.xielu(input, alpha_p, alpha_n, self.beta)


def _ours(key: str) -> tuple[type[nn.Module], dict[str, Any]] | None:
    """Class and arguments, as ``ACT2CLS`` holds them; None of a key that the catalogue does not know."""
    if key == "prelu":
        return ours.PReLU, {}
    if key == "xielu":
        return (XIELU, {}) if "xielu" in catalogue else None
    try:
        found = catalogue.resolve(f"transformers.{key}")
    except ValueError:
        return None
    return getattr(ours, found.descriptor.module), dict(found.parameters)


def _replaced() -> Replaced:
    from transformers import activations

    known = {key: entry for key in activations.ACT2CLS if (entry := _ours(key))}
    # Some models call what ACT2CLS holds: a class, where there is nothing to say to it.
    entries = {key: cls if not arguments else (cls, arguments) for key, (cls, arguments) in known.items()}
    tables = (activations.ACT2CLS, activations.ACT2FN)
    return ((table, key, entry) for table in tables for key, entry in entries.items())


_switch = Switch(_replaced)


def register() -> Registration:
    """Has ``ACT2FN`` and ``ACT2CLS`` make smoothact's modules of every key that the catalogue knows.

    Models that are built from now on have them; those that exist stay as they are. A second call changes nothing.

    Returns:
        What undoes it: ``with register(): ...``, or :func:`unregister`.

    Raises:
        ImportError: Transformers is not installed.
    """
    return _switch.on()


def unregister() -> None:
    """Puts Transformers' own back."""
    _switch.off()
