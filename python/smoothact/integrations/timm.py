# SPDX-License-Identifier: Apache-2.0
"""The activations that timm makes by name (``create_model(..., act_layer="gelu")``), from smoothact."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from .. import functional
from .. import nn as ours
from .._catalogue import catalogue
from ._registration import Registration, Replaced, Switch

__all__ = ["register", "unregister"]


def _takes_inplace(cls: type[nn.Module]) -> type[nn.Module]:
    """timm says ``inplace`` to every activation; one that cannot leaves it out, as timm's own do."""
    if "inplace" in inspect.signature(cls).parameters:
        return cls

    def init(self: nn.Module, *arguments: Any, inplace: bool = False, **keywords: Any) -> None:
        cls.__init__(self, *arguments, **keywords)

    made = type(cls.__name__, (cls,), {"__init__": init, "__module__": __name__, "__doc__": cls.__doc__})
    return globals().setdefault(cls.__name__, made)  # where pickle finds it


def _function(of: Callable[..., Tensor]) -> Callable[..., Tensor]:
    if "inplace" in inspect.signature(of).parameters:
        return of

    @functools.wraps(of)
    def function(input: Tensor, inplace: bool = False) -> Tensor:
        return of(input)

    return function


# By timm's names: what the catalogue calls them is in the aliases.
_LAYERS = {d.module: _takes_inplace(getattr(ours, d.module)) for d in catalogue.values()}
_PRELU = _takes_inplace(ours.PReLU)


def _found(key: str) -> str | None:
    try:
        found = catalogue.resolve(f"timm.{key}")
    except ValueError:
        return None
    return None if found.parameters else found.descriptor.name


def _replaced() -> Replaced:
    from timm.layers import create_act

    replaced = []
    for table in (create_act._ACT_FN_ME, create_act._ACT_FN_DEFAULT):
        replaced += [(table, key, _function(getattr(functional, n))) for key in table if (n := _found(key))]
    for table in (create_act._ACT_LAYER_ME, create_act._ACT_LAYER_DEFAULT):
        layers = {key: _LAYERS[catalogue[n].module] for key in table if (n := _found(key))}
        replaced += [(table, key, _PRELU if key == "prelu" else layers.get(key)) for key in table]
    return (r for r in replaced if r[2] is not None)


_switch = Switch(_replaced)


def register() -> Registration:
    """Has timm's ``create_act`` make smoothact's functions and modules of every name that the catalogue knows.

    Models that are built from now on have them; those that exist stay as they are. A second call changes nothing.

    Returns:
        What undoes it: ``with register(): ...``, or :func:`unregister`.

    Raises:
        ImportError: timm is not installed.
    """
    return _switch.on()


def unregister() -> None:
    """Puts timm's own back."""
    _switch.off()
