# SPDX-License-Identifier: Apache-2.0
"""The activations as modules, named and called as in ``torch.nn``."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from . import _adaptive, _gate_modules, functional
from ._adaptive import TAAF, MetaACON
from ._catalogue import Descriptor, catalogue
from ._gate_modules import *  # noqa: F403
from ._noisy import NoisyReLU
from ._pade import PAU
from ._smooth_max import SmoothMax

_OWN = ["Activation", "NoisyReLU", "PAU", "PReLU", "SmoothMax", *_adaptive.__all__, *_gate_modules.__all__]
__all__ = [*_OWN, *(d.module for d in catalogue.values())]


class Activation(nn.Module):
    """Base of every activation module: its arguments are attributes, its forward calls ``functional``.

    ``module(input, bias=tensor)`` adds a bias in the same pass, with an element for every channel along ``dim``.
    Beside the arguments of the function, an activation takes ``fewbit``, and one with parameters all of

    Args:
        fewbit: 2, 3 or 4 saves as many bits for each element for the backward pass instead of the input; see
            :mod:`smoothact.fewbit`. Not beside ``learnable`` or ``inplace``.
        learnable: whether the parameters are learnt, from the values given on; or the names of those that are.
        num_parameters: 1, or the number of channels along ``dim``, each with parameters of its own.
        dim: the dim of the input that has the channels.
        constraint: ``"softplus"`` learns ``raw_beta`` where ``beta = softplus(raw_beta)``, and so stays positive; of a
            parameter from 1 on it is 1 more.
        device, dtype: of what is learnt.
    """

    fewbit: int | None = None
    descriptor: ClassVar[Descriptor]
    _arguments: ClassVar[inspect.Signature]
    _always_shown: ClassVar[frozenset[str]]

    def __init__(
        self,
        *args: Any,
        learnable: bool | Iterable[str] = False,
        num_parameters: int = 1,
        dim: int = 1,
        constraint: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        fewbit: int | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__()
        bound = self._arguments.bind(*args, **keywords)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            if isinstance(value, Tensor):
                raise TypeError(
                    f"{type(self).__name__}: {name} must be a float, got a Tensor; learnable=True learns it"
                )
            setattr(self, name, value)
        self.learnt: dict[str, float] = {}
        self.num_parameters, self.dim, self.constraint = num_parameters, dim, constraint
        if fewbit is not None:
            if learnable:
                raise TypeError(f"{type(self).__name__}: fewbit takes numbers for parameters, none that are learnable")
            self.fewbit = fewbit
        if bound.arguments or self.fewbit is not None:
            self.forward(torch.empty(0))  # a bad argument is an error here, not at the first batch
        if learnable:
            self._learn(learnable, device, dtype)

    def _learn(self, learnable: bool | Iterable[str], device: Any, dtype: Any) -> None:
        module = type(self).__name__
        may = [n for n, p in self._arguments.parameters.items() if isinstance(getattr(self, n), (int, float))]
        may = [n for n in may if n in {p.name for p in self.descriptor.parameters}]
        names = may if learnable is True else [learnable] if isinstance(learnable, str) else list(learnable)
        if not names or not set(names) <= set(may):
            raise ValueError(
                f"{module}: learnable must be among {', '.join(may) or 'no parameters'}, got {learnable!r}"
            )
        if self.num_parameters < 1:
            raise ValueError(f"{module}: num_parameters must be at least 1, got {self.num_parameters}")
        if self.constraint not in (None, "softplus"):
            raise ValueError(f"{module}: constraint must be 'softplus' or None, got {self.constraint!r}")
        self.learnt = {name: float(getattr(self, name)) for name in names}
        for name, value in self.learnt.items():
            delattr(self, name)
            if self.constraint and not value > self._least(name):
                raise ValueError(
                    f"{module}: {name} must be greater than {self._least(name)} to be a softplus, got {value}"
                )
            raw = torch.empty(self.num_parameters, device=device, dtype=dtype)
            self.register_parameter(self._stored(name), nn.Parameter(raw))
        self.reset_parameters()

    def _stored(self, name: str) -> str:
        return f"raw_{name}" if self.constraint else name

    def _least(self, name: str) -> int:
        return next(int(p.domain == "from 1 to 16") for p in self.descriptor.parameters if p.name == name)

    def reset_parameters(self) -> None:
        """Gives what is learnt the values that the module was made with."""
        for name, value in self.learnt.items():
            if self.constraint:
                value -= self._least(name)
                value += math.log(-math.expm1(-value))  # the inverse of softplus
            nn.init.constant_(getattr(self, self._stored(name)), value)

    def __getattr__(self, name: str) -> Any:
        raw = self.__dict__.get("_parameters", {}).get(f"raw_{name}")
        return super().__getattr__(name) if raw is None else self._least(name) + nn.functional.softplus(raw)

    def forward(self, input: Tensor, *, bias: Tensor | None = None) -> Tensor:
        function = getattr(functional, self.descriptor.name)
        arguments = [getattr(self, name) for name in self._arguments.parameters]
        if self.learnt or bias is not None or self.fewbit is not None:
            return function(input, *arguments, bias=bias, dim=self.dim, fewbit=self.fewbit)
        return function(input, *arguments)

    def extra_repr(self) -> str:
        shown = []
        for name, parameter in self._arguments.parameters.items():
            value = self.learnt.get(name)
            if value is None:
                value = getattr(self, name)
            if value != parameter.default or name in self._always_shown:
                shown.append(f"{name}={value!r}")
        if self.fewbit is not None:
            shown.append(f"fewbit={self.fewbit}")
        if self.learnt:
            shown.append(f"learnable={tuple(self.learnt)}, num_parameters={self.num_parameters}, dim={self.dim}")
            if self.constraint:
                shown.append(f"constraint={self.constraint!r}")
        return ", ".join(shown)


def _make(descriptor: Descriptor) -> type[Activation]:
    function = getattr(functional, descriptor.name)
    arguments = inspect.signature(function)
    own = [p for p in list(arguments.parameters.values())[1:] if p.kind is not p.KEYWORD_ONLY]
    arguments = arguments.replace(parameters=own, return_annotation=None)
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
for _module in (NoisyReLU, PAU, SmoothMax, TAAF, MetaACON):
    _module.__module__ = __name__


class PReLU(globals()["LeakyReLU"]):
    """``torch.nn.PReLU``: :class:`LeakyReLU` whose slope left of 0, ``weight``, is learnt, one or one a channel.

    Source: He et al. 2015, arXiv:1502.01852.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__(init, learnable=True, num_parameters=num_parameters, device=device, dtype=dtype)

    def _stored(self, name: str) -> str:
        return "weight"

    def __getattr__(self, name: str) -> Any:
        return super().__getattr__("weight" if name == "negative_slope" else name)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


def get(name: str, **arguments: Any) -> Activation:
    """The module of an activation by its name, its module's, or what other frameworks call it.

    ``get("gelu_new")``, ``get("elu", alpha=0.5)``. A name that means other parameters elsewhere brings them along:
    ``get("keras.leaky_relu")`` has a slope of 0.2. See :meth:`Catalogue.resolve`. ``get("prelu")`` learns one.

    Raises:
        ValueError: no activation has the name; the message has the nearest ones.
        TypeError: the module does not take the arguments.
    """
    if name.lower().split(".")[-1] == "prelu":
        return PReLU(**arguments)
    found = catalogue.resolve(name)
    return globals()[found.descriptor.module](**{**found.parameters, **arguments})
