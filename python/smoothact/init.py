# SPDX-License-Identifier: Apache-2.0
"""Initialisation: by how much to scale weights so that an activation keeps the size of its signal."""

from __future__ import annotations

import math
from typing import Any

from ._normal import bound, expectation, neutral

__all__ = ["gain"]


@neutral()
def gain(name: str, **parameters: Any) -> float:
    """The factor that keeps the second moment of a signal: ``1 / sqrt(E[f(Z)²])``, Z standard normal.

    A layer whose weights have standard deviation ``gain / sqrt(fan_in)`` and whose inputs went through the activation
    then has outputs of variance 1 again (He et al. 2015, arXiv:1502.01852, who do it for the ReLU). It takes the place
    of :func:`torch.nn.init.calculate_gain`: ``torch.nn.init.xavier_normal_`` and ``orthogonal_`` have it as ``gain``.

    For ``relu`` and ``leaky_relu`` it equals torch's √2 and √(2 / (1 + slope²)). Elsewhere torch's are of another kind:
    5/3 for ``tanh`` is empirical (the quadrature gives 1.5925), 1 for ``sigmoid`` stands for "as if linear", and 3/4
    for ``selu`` was chosen for stability, where the definition gives 1 by construction.

    >>> import smoothact
    >>> round(smoothact.init.gain("gelu"), 4)
    1.5335

    Args:
        name: an activation, by name, module name or alias.
        **parameters: its parameters, by name; the others keep their defaults.

    Raises:
        ValueError: no activation has the name, a parameter is outside its domain, or the activation vanishes there.
        TypeError: the activation has no such parameter.
    """
    descriptor, function, parameters = bound(name, parameters)
    second = expectation(lambda z: function(z).square()[None]).item()
    if not second > 0 or not math.isfinite(second):
        size = "is zero everywhere" if not second else f"has the second moment {second}"
        raise ValueError(f"{descriptor.name} {size} at {parameters}: no gain keeps a signal's size")
    return 1 / math.sqrt(second)
