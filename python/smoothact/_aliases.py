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


FRAMEWORKS: dict[str, dict[str, Alias]] = {
    "torch": {
        "ndtr": Alias("normal_cdf"),  # torch.special
        "erf": Alias("erf_sign", {"s": 0.5**0.5}),
    },
    "transformers": {
        "laplace": Alias("normal_cdf", {"mean": 0.707107, "s": 0.282095}),  # of MEGA: the normal's, not Laplace's
    },
    "timm": {},
    "keras": {
        "leaky_relu": Alias("leaky_relu", {"negative_slope": 0.2}),
        "sparse_plus": Alias("smelu", {"beta": 1.0}),
        "sparse_sigmoid": Alias("hard_sigmoid", {"w": 1.0}),
    },
    "jax": {
        "gelu": Alias("gelu_tanh"),  # jax.nn.gelu(approximate=True), its default
        "sparse_plus": Alias("smelu", {"beta": 1.0}),
        "sparse_sigmoid": Alias("hard_sigmoid", {"w": 1.0}),
    },
}
"""By framework; for a name without one, the first framework that has it, if the catalogue has no such name."""
