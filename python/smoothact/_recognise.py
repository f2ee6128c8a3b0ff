# SPDX-License-Identifier: Apache-2.0
"""Which activation of the catalogue a module or a function of another package is, by its class and its parameters."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from . import nn as ours
from ._catalogue import Descriptor, Resolved, catalogue

FUNCTIONS = (torch, torch.nn.functional, torch.special)


def recognise(value: Any) -> Resolved | None:
    """The activation that a module, or a function of one tensor, computes; None where that is not known for sure."""
    if isinstance(value, ours.Activation):
        return None  # is one already
    if isinstance(value, nn.Module):
        return _module(value)
    return _function(value) if callable(value) else None


def module_of(found: Resolved) -> ours.Activation:
    """smoothact's module of it."""
    return getattr(ours, found.descriptor.module)(**found.parameters)


def _module(module: nn.Module) -> Resolved | None:
    cls = type(module)
    if next(module.parameters(), None) is not None:
        return None  # it learns: see patch
    if cls in _torch_modules():
        return _with_attributes(_torch_modules()[cls], module)
    package, _, _ = cls.__module__.partition(".")
    if package == "transformers" and cls.__module__ == "transformers.activations":
        return _by_name(f"transformers.{_transformers_keys().get(cls, '')}") if _is_default(module) else None
    if package == "timm" and cls.__module__.startswith("timm.layers.activations"):
        return _by_name(f"timm.{cls.__name__.removesuffix('Me')}")
    return None


def _by_name(name: str) -> Resolved | None:
    try:
        return catalogue.resolve(name)
    except ValueError:
        return None


@functools.cache
def _torch_modules() -> dict[type, Descriptor]:
    return {cls: d for d in catalogue.values() if isinstance(cls := getattr(nn, d.module, None), type)}


def _with_attributes(d: Descriptor, module: nn.Module) -> Resolved | None:
    if d.selector:
        keyword, choices = d.selector
        target = choices.get(getattr(module, keyword, None))
        return Resolved(catalogue[target]) if target else None
    found = {p.name: getattr(module, p.name) for p in d.parameters if hasattr(module, p.name)}
    if any(not isinstance(v, (int, float)) or not math.isfinite(v) for v in found.values()):
        return None
    return Resolved(d, {name: float(v) for name, v in found.items()})


@functools.cache
def _transformers_keys() -> dict[type, str]:
    """The first key of each class that is made without arguments, or with those that change no value."""
    keys: dict[type, str] = {}
    for key, entry in sys.modules["transformers.activations"].ACT2CLS.items():
        keys.setdefault(entry[0] if isinstance(entry, tuple) else entry, key)
    return keys


def _is_default(module: nn.Module) -> bool:
    """Of the one class whose arguments change what it computes."""
    return not hasattr(module, "min") or (module.min, module.max) == (-10, 10)


def _function(function: Callable) -> Resolved | None:
    keywords: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        if function.args:
            return None
        keywords = {**function.keywords, **keywords}
        function = function.func
    name = getattr(function, "__name__", "")
    if name not in catalogue or not any(getattr(space, name, None) is function for space in FUNCTIONS):
        return None
    d = catalogue[name]
    if d.selector and d.selector[0] in keywords:
        target = d.selector[1].get(keywords.pop(d.selector[0]))
        return Resolved(catalogue[target]) if target and not keywords else None
    known = {p.name for p in d.parameters}
    if not set(keywords) <= known or not all(isinstance(v, (int, float)) for v in keywords.values()):
        return None
    return Resolved(d, {n: float(v) for n, v in keywords.items()})
