# SPDX-License-Identifier: Apache-2.0
"""Activations that a module's own code calls by name, ``torch.nn.functional.silu(x)``: seen as they are called, and
replaced by giving the module a ``forward`` of the same code in which the name stands for something else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.overrides import TorchFunctionMode

from ._catalogue import Resolved, catalogue
from ._recognise import recognise

Arguments = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]  # behind the tensor, by position and by name


class Call(NamedTuple):
    """A call of ``function``, made while the code of ``owner`` ran: ``theirs(input)``."""

    path: str
    owner: nn.Module
    function: Callable
    found: Resolved
    theirs: Callable[[Tensor], Tensor]
    input: Tensor

    @property
    def by_method(self) -> bool:
        """``x.sigmoid()``, a name that no module gives."""
        return self.function in _methods()


class DirectCalls(TorchFunctionMode):
    """While it is entered, reports every call of an activation by name, of which the parameters are known."""

    def __init__(self, model: nn.Module, report: Callable[[Call], None]) -> None:
        super().__init__()
        self.paths = {id(m): (path or "(model)", m) for path, m in model.named_modules()}
        self.report = report
        self.running: list[tuple[str, nn.Module] | None] = []  # None where a module is no part of the model

    def __enter__(self) -> DirectCalls:
        self.handles = [
            hooks.register_module_forward_pre_hook(lambda m, _: self.running.append(self.paths.get(id(m)))),
            hooks.register_module_forward_hook(lambda *_: self._leave(), always_call=True),
        ]
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for handle in self.handles:
            handle.remove()

    def _leave(self) -> None:
        self.running.pop()

    def __torch_function__(self, function: Any, types: Any, arguments: tuple = (), keywords: dict | None = None) -> Any:
        keywords = keywords or {}
        where = self.running[-1] if self.running else None
        if where and (seen := resolved(function, arguments, keywords)):
            self.report(Call(*where, function, *seen))
        return function(*arguments, **keywords)


@functools.cache
def _methods() -> dict[Any, Callable]:
    return {getattr(Tensor, n): getattr(torch, n) for n in catalogue if hasattr(Tensor, n) and hasattr(torch, n)}


def resolved(
    function: Callable, positional: tuple, keywords: dict[str, Any]
) -> tuple[Resolved, Callable, Tensor] | None:
    """The activation that a call computes, torch's of these parameters, and of what; None where it is not known."""
    name = getattr(function, "__name__", "")
    if name not in catalogue:
        return None
    names = ["input", *(p.name for p in catalogue[name].parameters), "inplace"]
    named = dict(zip(names, positional, strict=False)) | keywords
    if len(named) != len(positional) + len(keywords) or named.pop("inplace", False):
        return None  # what works in place saves nothing but its result
    input = named.pop("input", None)
    theirs = functools.partial(_methods().get(function, function), **named)
    found = recognise(theirs)
    return (found, theirs, input) if found and isinstance(input, Tensor) and input.is_floating_point() else None


class ByName:
    """A function of torch under its name, and for argument lists in ``instead`` another."""

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.instead: dict[Arguments, Callable[[Tensor], Tensor]] = {}
        self.seen: dict[Arguments, Resolved] | None = {}
        """The argument lists of which another would compute the same, as long as they are looked for."""

    def __call__(self, input: Tensor, *positional: Any, **keywords: Any) -> Tensor:
        arguments = (positional, tuple(keywords.items()))
        if other := self.instead.get(arguments):
            return other(input)
        if self.seen is not None and (found := resolved(self.function, (input, *positional), keywords)):
            self.seen[arguments] = found[0]
        return self.function(input, *positional, **keywords)


def with_names(owner: nn.Module, names: Mapping[Any, ByName]) -> MethodType | None:
    """The module's forward, its code with these in place of torch's functions; None where it is no plain one."""
    forward = getattr(type(owner), "forward", None)
    if "forward" in owner.__dict__ or not isinstance(forward, FunctionType) or hasattr(forward, "__wrapped__"):
        return None
    spaces = _spaces(names)
    seen = {n: spaces.get(id(v)) or _named(names, v) or v for n, v in forward.__globals__.items()}
    seen.pop("__name__", None)  # by which the compiler would look for them elsewhere
    code = FunctionType(forward.__code__, seen, forward.__name__, forward.__defaults__, forward.__closure__)
    code.__kwdefaults__, code.__annotations__ = forward.__kwdefaults__, forward.__annotations__
    code.__module__, code.__qualname__, code.__doc__ = forward.__module__, forward.__qualname__, forward.__doc__
    return MethodType(code, owner)


def _named(names: Mapping[Any, ByName], value: Any) -> ByName | None:
    return next((by_name for function, by_name in names.items() if function is value), None)


def _spaces(names: Mapping[Any, ByName]) -> dict[int, ModuleType]:
    """torch and what of it may be imported by itself, as a module would see them, by the id of what they stand for."""
    functional = _space(nn.functional, names)
    nn_ = _space(nn, names, functional=functional)
    special = _space(torch.special, names)
    whole = _space(torch, names, nn=nn_, special=special)
    pairs = ((nn.functional, functional), (nn, nn_), (torch.special, special), (torch, whole))
    return {id(theirs): ours for theirs, ours in pairs}


def _space(module: ModuleType, names: Mapping[Any, ByName], **inner: ModuleType) -> ModuleType:
    space = ModuleType(module.__name__, module.__doc__)
    space.__dict__.update(vars(module))
    space.__dict__.update(
        {f.__name__: by_name for f, by_name in names.items() if getattr(module, f.__name__, None) is f}
    )
    space.__dict__.update(inner)
    return space
