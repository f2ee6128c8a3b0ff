# SPDX-License-Identifier: Apache-2.0
"""An activation that waits to see whether it gates: ``f(gate)`` times a tensor is one kernel, anything else is f.

It is how a model's own code, ``self.act_fn(gate) * up``, comes to a fused gate, whatever stands around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree

from . import _gates
from . import nn as ours
from ._recompute import remember

PRODUCTS = {torch.mul, torch.multiply, Tensor.mul, Tensor.multiply, Tensor.__mul__, Tensor.__rmul__}
# What is known of f(gate) before it is computed.
KNOWN = {
    getattr(Tensor, name).__get__
    for name in ("shape", "dtype", "device", "layout", "ndim", "requires_grad", "is_cuda", "is_cpu", "is_meta")
} | {Tensor.size, Tensor.dim, Tensor.numel, Tensor.is_floating_point, Tensor.__len__}


class Pending(Tensor):
    """f(gate), not computed yet. It has the shape and dtype of its gate."""

    gate: Tensor
    owner: Waiting
    computed: Tensor | None

    @staticmethod
    def __new__(cls, gate: Tensor, owner: Waiting) -> Pending:
        like = {"strides": gate.stride(), "dtype": gate.dtype, "device": gate.device}
        grad = gate.requires_grad and torch.is_grad_enabled()
        self = Tensor._make_wrapper_subclass(cls, gate.shape, **like, requires_grad=grad)
        self.gate, self.owner, self.computed = gate, owner, None
        if grad:
            with torch._C.DisableTorchFunctionSubclass():
                self.register_hook(_refuse)
        return self

    def value(self) -> Tensor:
        if self.computed is None:
            self.computed = self.owner.alone(self.gate)
        return self.computed

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: tuple = (), keywords: dict | None = None) -> Any:
        keywords = keywords or {}
        if function in KNOWN:
            return function(*_pytree.tree_map_only(Pending, lambda p: p.gate, arguments), **keywords)
        if function in PRODUCTS and not keywords and len(arguments) == 2:
            ours_first = isinstance(arguments[0], Pending)
            mine, other = arguments if ours_first else arguments[::-1]
            if _may_gate(mine, other):
                mine.owner.used["gate"] += 1
                return mine.owner.product(mine.gate, other)

        def computed(p: Pending) -> Tensor:
            p.owner.used["f"] += 1
            return p.value()

        return function(
            *_pytree.tree_map_only(Pending, computed, arguments), **_pytree.tree_map_only(Pending, computed, keywords)
        )

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, arguments: tuple = (), keywords: dict | None = None) -> Any:
        # Past autograd, where an autograd.Function brings it, which is no call of torch's; its gradient is refused.
        arguments, keywords = _pytree.tree_map_only(Pending, Pending.value, (arguments, keywords or {}))
        return op(*arguments, **keywords)


def _refuse(gradient: Tensor) -> None:
    raise RuntimeError(
        "patch: the result of an activation that gates was given to a torch.autograd.Function, which the sample did "
        "not do; patch the model with a sample that does, or unpatch it"
    )


def _may_gate(mine: Pending, other: Any) -> bool:
    return (
        type(other) is Tensor
        and mine.computed is None
        and other.shape == mine.gate.shape
        and other.dtype == mine.gate.dtype
        and other.device == mine.gate.device
    )


class Waiting(nn.Module):
    """An activation whose result waits for what is done with it, where nothing looks that needs it at once."""

    def __init__(self, activation: ours.Activation) -> None:
        super().__init__()
        self.activation = activation
        self.used: Counter[str] = Counter()
        self.watcher: Callable[..., None] | None = None
        """Called with the gate, and with up where one multiplied it."""

    def alone(self, input: Tensor) -> Tensor:
        if self.watcher:
            self.watcher(input)
        return self.activation(input)

    def product(self, gate: Tensor, up: Tensor) -> Tensor:
        if self.watcher:
            self.watcher(gate, up)
        y = self.gated(gate, up)
        remember(y, self.gated, gate, up, modules=(self.activation,))
        return y

    def gated(self, gate: Tensor, up: Tensor) -> Tensor:
        return _gates.with_module(self.activation, gate, up, "gate_first", -1, "gate_first")

    def forward(self, input: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            return self._to_be_fused(input)
        if type(input) is not Tensor or torch._C._functorch.peek_interpreter_stack():
            return self.alone(input)
        return Pending(input, self)

    def _to_be_fused(self, input: Tensor) -> Tensor:
        """As a formula: the compiler has the product to fuse it with."""
        parameters = [getattr(self.activation, name) for name in self.activation._arguments.parameters]
        parameters = [p for p in parameters if not isinstance(p, bool)]  # but for inplace
        return getattr(torch.ops.smoothact, self.activation.descriptor.name).fuse(input, *parameters)
