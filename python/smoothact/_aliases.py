# SPDX-License-Identifier: Apache-2.0
"""What other frameworks call an activation, where the name is not ours or sets other parameters.

A name that differs only in case and underscores (``HardSwish``, ``hard_swish``) needs no entry, and a framework's
own name at our defaults belongs to ``aliases`` of the activation's descriptor. A name qualified by its framework,
``jax.nn.gelu``, always has that framework's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Alias(NamedTuple):
    """An activation of the catalogue, and the parameters that the name sets."""

    activation: str
    parameters: Mapping[str, float] = {}


_LAPLACE = 0.5**0.5 / 0.282095  # of the normal law with mean 0.707107 and standard deviation 0.282095

FRAMEWORKS: dict[str, dict[str, Alias]] = {
    "torch": {
        "erf": Alias("erf_sign", {"s": 0.5**0.5}),
    },
    "transformers": {
        "gelu_python_tanh": Alias("gelu_tanh"),
        "laplace": Alias("derf", {"alpha": _LAPLACE, "s": -0.707107 * _LAPLACE, "gamma": 0.5, "beta": 0.5}),
    },
    "timm": {},
    "keras": {
        "leaky_relu": Alias("leaky_relu", {"negative_slope": 0.2}),
        "sparse_sigmoid": Alias("hard_sigmoid", {"w": 1.0}),
    },
    "jax": {
        "gelu": Alias("gelu_tanh"),  # approximate=True is its default
        "sparse_sigmoid": Alias("hard_sigmoid", {"w": 1.0}),
    },
}
"""By framework; for a name without one, the first framework that has it, if the catalogue has no such name."""
