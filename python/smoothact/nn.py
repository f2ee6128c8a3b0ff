# SPDX-License-Identifier: Apache-2.0
"""The activations as modules, named and called as in ``torch.nn``."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from . import _gate_modules, functional
from ._catalogue import Descriptor, catalogue
from ._gate_modules import *  # noqa: F403

__all__ = ["Activation", *(d.module for d in catalogue.values()), *_gate_modules.__all__]


class Activation(nn.Module):
    """Base of every activation module: its arguments are attributes, its forward calls ``functional``."""

    descriptor: ClassVar[Descriptor]
    _arguments: ClassVar[inspect.Signature]
    _always_shown: ClassVar[frozenset[str]]

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__()
        bound = self._arguments.bind(*args, **keywords)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, value)
        if bound.arguments:
            self.forward(torch.empty(0))  # a bad argument is an error here, not at the first batch

    def forward(self, input: Tensor) -> Tensor:
        function = getattr(functional, self.descriptor.name)
        return function(input, *[getattr(self, name) for name in self._arguments.parameters])

    def extra_repr(self) -> str:
        shown = []
        for name, parameter in self._arguments.parameters.items():
            value = getattr(self, name)
            if value != parameter.default or name in self._always_shown:
                shown.append(f"{name}={value!r}")
        return ", ".join(shown)


def _make(descriptor: Descriptor) -> type[Activation]:
    function = getattr(functional, descriptor.name)
    arguments = inspect.signature(function)
    arguments = arguments.replace(parameters=list(arguments.parameters.values())[1:], return_annotation=None)
    # What torch's module of this name always prints; its own parameters are all that an unknown one has.
    theirs = getattr(nn, descriptor.module, None)
    names = inspect.signature(theirs).parameters if theirs else arguments.parameters
    return type(
        descriptor.module,
        (Activation,),
        {
            "__module__": __name__,
            "__doc__": f"Applies :func:`smoothact.functional.{descriptor.name}`: {function.__doc__}",
            "__signature__": arguments,
            "descriptor": descriptor,
            "_arguments": arguments,
            "_always_shown": frozenset(names) - {"inplace"},
        },
    )


globals().update({d.module: _make(d) for d in catalogue.values()})


def get(name: str, **arguments: Any) -> Activation:
    """The module of an activation by its name, its module's, or what other frameworks call it.

    ``get("gelu_new")``, ``get("elu", alpha=0.5)``. A name that means other parameters elsewhere brings them along:
    ``get("keras.leaky_relu")`` has a slope of 0.2. See :meth:`Catalogue.resolve`.

    Raises:
        ValueError: no activation has the name; the message has the nearest ones.
        TypeError: the module does not take the arguments.
    """
    found = catalogue.resolve(name)
    return globals()[found.descriptor.module](**{**found.parameters, **arguments})
