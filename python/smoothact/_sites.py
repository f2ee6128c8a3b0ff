# SPDX-License-Identifier: Apache-2.0
"""Where a model has an activation, or a gate of its own, and what smoothact has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MethodType
from typing import Any

from torch import Tensor, nn

from . import nn as ours
from ._calls import Arguments, ByName, Call, DirectCalls, with_names
from ._packed_gate import METHOD, PackedGate, packed_gate
from ._pending import Waiting
from ._recognise import module_of, recognise
from ._trial import run

# Whose own code is what they are.
ACTIVATIONS = ("smoothact.", "torch.nn.modules", "transformers.activations", "timm.layers.activations")


class _Place:
    after: Any

    @property
    def is_gate(self) -> bool:
        return isinstance(self.after, (Waiting, PackedGate, ours.GLU))


@dataclass
class Site(_Place):
    """An attribute of a module that is an activation or a gate."""

    path: str
    owner: nn.Module
    name: str
    before: Any
    after: Any

    @property
    def was(self) -> str:
        if isinstance(self.before, nn.Module):
            return type(self.before).__name__
        return f"{getattr(self.before, 'func', self.before).__name__}()"  # func of a partial

    def put(self, value: Any) -> None:
        if isinstance(self.before, nn.Module):
            self.owner._modules[self.name] = value
        else:
            self.owner.__dict__[self.name] = value

    def put_back(self) -> None:
        if self.name == METHOD:
            self.owner.__dict__.pop(self.name, None)  # the class has it
        else:
            self.put(self.before)


@dataclass
class CodeSite(_Place):
    """A call of an activation by name, with these arguments, in the code of a module's forward."""

    path: str
    owner: nn.Module
    forward: MethodType
    by_name: ByName
    arguments: Arguments
    after: Any

    @property
    def was(self) -> str:
        return f"{self.by_name.function.__name__}()"

    def before(self, input: Tensor) -> Tensor:
        return self.by_name.function(input, *self.arguments[0], **dict(self.arguments[1]))

    def put(self, value: Any) -> None:
        self.by_name.instead[self.arguments] = value
        self.owner.__dict__["forward"] = self.forward

    def put_back(self) -> None:
        self.owner.__dict__.pop("forward", None)


def find_sites(model: nn.Module, sample: Any = None) -> list[Site | CodeSite]:
    """Attributes that are activations or gates, and with a sample what modules' code calls by name."""
    sites: list[Site | CodeSite] = list(_sites(model))
    if sample is None:
        return sites
    calls: dict[Any, Call] = {}
    try:
        for site in sites:
            site.put(site.after)
        with DirectCalls(model, lambda c: calls.setdefault((id(c.owner), c.function), c)):
            run(model, sample)
        return [*sites, *_code_sites(model, sample, calls.values())]
    finally:
        for site in sites:
            site.put_back()


def _code_sites(model: nn.Module, sample: Any, calls: Iterable[Call]) -> Iterator[CodeSite]:
    """Gives the modules names to call, and looks which of them are called with what."""
    owners: dict[int, tuple[str, nn.Module, dict[Callable, ByName]]] = {}
    for call in calls:
        if not call.by_method and not type(call.owner).__module__.startswith(ACTIVATIONS):
            names = owners.setdefault(id(call.owner), (call.path, call.owner, {}))[2]
            names.setdefault(call.function, ByName(call.function))
    forwards = {i: forward for i, (_, owner, names) in owners.items() if (forward := with_names(owner, names))}
    try:
        for i, forward in forwards.items():
            owners[i][1].__dict__["forward"] = forward
        if forwards:
            run(model, sample)
    finally:
        for i in forwards:
            del owners[i][1].__dict__["forward"]
    for i, forward in forwards.items():
        path, owner, names = owners[i]
        for by_name in names.values():
            for arguments, found in (by_name.seen or {}).items():
                yield CodeSite(path, owner, forward, by_name, arguments, module_of(found))
            by_name.seen = None


def _sites(model: nn.Module) -> Iterator[Site]:
    made: dict[int, nn.Module] = {}
    for path, owner in model.named_modules():
        if isinstance(owner, (ours.Activation, Waiting)) or id(owner) in made:
            continue
        values = [*owner._modules.items(), *((n, v) for n, v in owner.__dict__.items() if not n.startswith("_"))]
        for name, value in values:
            if value is None or isinstance(value, Tensor):
                continue
            if id(value) not in made and (after := _replacement(value)):
                made[id(value)] = after
            if id(value) in made:
                yield Site(f"{path}.{name}".lstrip("."), owner, name, value, made[id(value)])
        if gate := packed_gate(owner):
            yield Site(f"{path}.{METHOD}".lstrip("."), owner, METHOD, getattr(owner, METHOD), gate)


def _replacement(before: Any) -> nn.Module | None:
    # What overwrites its input saves nothing but its result, and what has hooks is watched by somebody.
    if getattr(before, "inplace", False) or _has_hooks(before):
        return None
    if learner := _learner(before):
        return learner
    if type(before) is nn.GLU:
        return ours.GLU(before.dim)
    found = recognise(before)
    if found is None or found.descriptor.name == "identity":
        return None
    module = module_of(found)
    return module.train(before.training) if isinstance(before, nn.Module) else module


def _learner(before: Any) -> nn.Module | None:
    """One that learns, with the parameters and buffers that are there."""
    if type(before) is nn.PReLU:
        after: nn.Module = ours.PReLU(before.num_parameters)
    elif type(before).__name__ == "XIELUActivation" and type(before).__module__ == "transformers.activations":
        from .integrations.transformers import XIELU

        after = XIELU()
    else:
        return None
    after._parameters.update(before._parameters)
    after._buffers.update(before._buffers)
    return after.train(before.training)


def _has_hooks(value: Any) -> bool:
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return isinstance(value, nn.Module) and any(getattr(value, h, None) for h in hooks)
