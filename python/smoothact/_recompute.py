# SPDX-License-Identifier: Apache-2.0
"""Results of activations and gates that are computed again in the backward pass, instead of being kept for it.

Of ``down(act(up(x)))`` autograd keeps two large tensors: the input of ``act``, for its derivative, and its result, for
the gradient of ``down``'s weight. The second follows from the first. While a model runs, hooks on what autograd saves
put in the place of such a result how it was computed; whoever it was saved for gets the same numbers.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.hooks import RemovableHandle

from ._gate_modules import Gate
from .nn import Activation


class Recomputation:
    """What :func:`recompute` has set up; :meth:`remove` takes it back."""

    def __init__(self, handles: list[RemovableHandle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


def recompute(model: nn.Module) -> Recomputation:
    """Has a model compute the results of smoothact's activations and gates again, instead of keeping them for backward.

    What takes such a result, a Linear first of all, then keeps the activation's input, which is kept anyway: of
    ``down(act(up(x)))`` one large tensor less, of ``down(act(gate(x)) * up(x))`` in one gate one of three. It costs one
    more evaluation of the activation for each that saves its result, and gives the same numbers. A result that is
    itself changed, cast or dropped out before it is saved is kept as before. The model's code, its Linears and their
    hooks, and its ``state_dict`` stay as they are; hooks on saved tensors that are active around the model get what
    these leave. Under ``torch.compile`` nothing changes.

    Args:
        model: a module that has modules of smoothact's, itself or deeper within.

    Returns:
        A handle, whose ``remove()`` has the results kept again.

    Raises:
        TypeError: ``model`` is no module.
        ValueError: it has no activation or gate of smoothact's.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"recompute(): argument 'model' must be Module, not {type(model).__name__}")
    found = list(dict.fromkeys(_activations(model)))
    if not found:
        raise ValueError("recompute: the model has no activation or gate of smoothact; patch gives it some")
    handles = [module.register_forward_hook(_remember_call, with_kwargs=True) for module in found]
    handles.append(model.register_forward_pre_hook(_enter, prepend=True))
    handles.append(model.register_forward_hook(_leave, always_call=True))
    return Recomputation(handles)


def _activations(model: nn.Module) -> Iterator[nn.Module]:
    for owner in model.modules():
        if isinstance(owner, (Activation, Gate)):
            yield owner
        # Where patch found a function the module is not registered.
        for value in vars(owner).values():
            if isinstance(value, nn.Module):
                yield from _activations(value)


def remember(
    result: Any, function: Callable[..., Tensor], *arguments: Any, modules: tuple[nn.Module, ...] = (), **keywords: Any
) -> None:
    """Has ``function(*arguments, **keywords)`` stand for its result, where a model that :func:`recompute` got runs."""
    scope = next((s for s in reversed(_scopes()) if s.hooks), None)
    if scope and type(result) is Tensor and result.requires_grad:
        scope.remember(result, function, arguments, keywords, modules)


class Kept(NamedTuple):
    """A tensor that autograd keeps; where there are hooks it does not look for changes itself."""

    tensor: Tensor
    version: int

    def get(self) -> Tensor:
        if self.tensor._version != self.version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"a tensor of shape {list(self.tensor.shape)} is at version {self.tensor._version}; expected version "
                f"{self.version} instead"
            )
        return self.tensor


class Handed(NamedTuple):
    """What other hooks have made of a tensor."""

    packed: Any
    unpack: Callable[[Any], Tensor]

    def get(self) -> Tensor:
        return self.unpack(self.packed)


@dataclass(frozen=True)
class Recipe:
    """How a result was computed; tensors among the arguments are kept, as autograd keeps its own."""

    function: Callable[..., Tensor]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    unchanged: tuple[Kept, ...]  # what else it depends on

    def __call__(self) -> Tensor:
        for parameter in self.unchanged:
            parameter.get()
        with torch.no_grad():
            return self.function(*map(_got, self.arguments), **{name: _got(v) for name, v in self.keywords.items()})


class View(NamedTuple):
    """A result, or a view of it, by its recipe."""

    recipe: Recipe
    size: torch.Size
    stride: tuple[int, ...]
    offset: int

    def get(self) -> Tensor:
        return self.recipe().as_strided(self.size, self.stride, self.offset)


def _got(value: Any) -> Any:
    return value.get() if isinstance(value, (Kept, Handed)) else value


class Scope:
    """One run of a model: hooks on what autograd saves, and the results that are known so far."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.results: dict[int, tuple[weakref.ref[Tensor], int, Recipe]] = {}
        self.outer = torch._C._autograd._top_saved_tensors_default_hooks(True)
        self.hooks: saved_tensors_hooks | None = None
        # torch.func allows none.
        if torch.is_grad_enabled() and torch._C._autograd._saved_tensors_hooks_is_enabled():
            self.hooks = saved_tensors_hooks(self.pack, lambda packed: packed.get())
            self.hooks.__enter__()

    def close(self) -> None:
        if self.hooks:
            self.hooks.__exit__()
        self.results.clear()

    def keep(self, tensor: Tensor) -> Kept | Handed:
        if self.outer:
            pack, unpack = self.outer
            return Handed(pack(tensor), unpack)
        return Kept(tensor, tensor._version)

    def pack(self, tensor: Tensor) -> Kept | Handed | View:
        found = self.results.get(tensor.untyped_storage()._cdata)
        if found:
            # Whose address has another tensor's storage now is dead, or has been given another.
            result, version, recipe = found[0](), *found[1:]
            if result is not None and _same(result, tensor) and result._version == version:
                return View(recipe, tensor.size(), tensor.stride(), tensor.storage_offset())
        return self.keep(tensor)

    def remember(
        self, result: Tensor, function: Callable, arguments: tuple, keywords: dict[str, Any], modules: tuple
    ) -> None:
        tensors = [v for v in (*arguments, *keywords.values()) if isinstance(v, Tensor)]
        if any(type(t) not in (Tensor, nn.Parameter) or _same_storage(t, result) for t in tensors):
            return

        def kept(value: Any) -> Any:
            return self.keep(value.detach()) if isinstance(value, Tensor) else value

        recipe = Recipe(
            function,
            tuple(map(kept, arguments)),
            {name: kept(value) for name, value in keywords.items()},
            tuple(Kept(p, p._version) for module in modules for p in module.parameters()),
        )
        key = result.untyped_storage()._cdata
        self.results[key] = weakref.ref(result), result._version, recipe


def _same_storage(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata


def _same(result: Tensor, saved: Tensor) -> bool:
    return type(saved) is Tensor and saved.dtype == result.dtype and _same_storage(result, saved)


_local = threading.local()


def _scopes() -> list[Scope]:
    if not hasattr(_local, "scopes"):
        _local.scopes = []
    return _local.scopes


# Functions of the module, so that a model that has them as hooks can be copied and pickled.
def _enter(model: nn.Module, arguments: Any) -> None:
    if not torch.compiler.is_compiling():
        _scopes().append(Scope(model))


def _leave(model: nn.Module, arguments: Any, result: Any) -> None:
    if not torch.compiler.is_compiling() and _scopes() and _scopes()[-1].model is model:
        _scopes().pop().close()


def _remember_call(module: nn.Module, arguments: tuple, keywords: dict[str, Any], result: Any) -> None:
    if not torch.compiler.is_compiling():
        remember(result, module.forward, *arguments, modules=(module,), **keywords)
