# SPDX-License-Identifier: Apache-2.0
"""Gates as modules, called as ``torch.nn.GLU`` is."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from . import _gates

__all__ = [
    "GEGLU",
    "GLU",
    "BilinearGLU",
    "GEGLUTanh",
    "Gate",
    "MishGLU",
    "ReGLU",
    "SeGLU",
    "SwiGLU",
    "SwiGLUClamped",
]


class Gate(nn.Module):
    """Base of the modules of gates: packed inputs are halved along ``dim``, or ``up`` is given beside the gate."""

    function: ClassVar[str]
    layout: str = "gate_first"

    def __init__(self, dim: int = -1, *, layout: str | None = None, **arguments: Any) -> None:
        super().__init__()
        self.dim = dim
        if layout is not None:
            self.layout = layout
        self.arguments = arguments
        _gates.check_layout(type(self).__name__, self.layout, dim)

    def forward(
        self,
        input: Tensor,
        up: Tensor | None = None,
        *,
        gate_bias: Tensor | None = None,
        up_bias: Tensor | None = None,
    ) -> Tensor:
        biases = {"gate_bias": gate_bias, "up_bias": up_bias}
        if up is None:
            return self._gate(input, None, layout=self.layout, dim=self.dim, **biases)
        # Beside `up`, dim is that of biases, if there are any.
        dim = self.dim if any(b is not None for b in biases.values()) else -1
        return self._gate(input, up, dim=dim, **biases)

    def _gate(self, input: Tensor, up: Tensor | None, **options: Any) -> Tensor:
        return getattr(_gates, self.function)(input, up, **options, **self.arguments)

    def extra_repr(self) -> str:
        shown = {"dim": self.dim, "layout": self.layout, **self.arguments}
        if self.layout == type(self).layout:
            del shown["layout"]
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def _named(function: str) -> Any:
    def decorate(module: type[Gate]) -> type[Gate]:
        module.function = function
        module.__module__ = "smoothact.nn"
        own = f"{module.__doc__}\n\n    " if module.__doc__ and module.__doc__ != Gate.__doc__ else ""
        module.__doc__ = f"{own}Applies :func:`smoothact.functional.{function}`: {getattr(_gates, function).__doc__}"
        return module

    return decorate


@_named("gated")
class GLU(Gate):
    """Of any activation: its name and parameters, or its module, which may learn (its hooks do not run)."""

    layout = "up_first"

    def __init__(
        self, dim: int = -1, *, activation: str | nn.Module = "sigmoid", layout: str | None = None, **parameters: Any
    ) -> None:
        if isinstance(activation, nn.Module):
            from .nn import Activation

            if not isinstance(activation, Activation):
                raise TypeError(
                    "GLU: activation must be the name or the module of one in the catalogue, "
                    f"got {type(activation).__name__}"
                )
            if activation.fewbit is not None:
                raise TypeError("GLU: a gate has no fewbit, which the module of its activation has")
            if parameters:
                raise TypeError(f"GLU: a module brings its parameters along, got {', '.join(parameters)} beside it")
            super().__init__(dim, layout=layout)
            self.activation = activation
        else:
            super().__init__(dim, layout=layout, activation=activation, **parameters)
            _gates.resolve("GLU", activation, tuple(parameters.items()))

    def _gate(self, input: Tensor, up: Tensor | None, **options: Any) -> Tensor:
        if self.arguments:
            return super()._gate(input, up, **options)
        default = type(self).layout
        return _gates.with_module(self.activation, input, up, default=default, **{"layout": default, **options})

    def extra_repr(self) -> str:
        return super().extra_repr().replace(", activation='sigmoid'", "")


@_named("bilinear")
class BilinearGLU(Gate):
    pass


@_named("reglu")
class ReGLU(Gate):
    pass


@_named("geglu")
class GEGLU(Gate):
    pass


@_named("geglu_tanh")
class GEGLUTanh(Gate):
    pass


@_named("swiglu")
class SwiGLU(Gate):
    pass


@_named("mish_glu")
class MishGLU(Gate):
    pass


@_named("seglu")
class SeGLU(Gate):
    pass


@_named("swiglu_clamped")
class SwiGLUClamped(Gate):
    layout = "interleaved"

    def __init__(self, dim: int = -1, *, layout: str | None = None, limit: float = 7.0, alpha: float = 1.702) -> None:
        super().__init__(dim, layout=layout, limit=limit, alpha=alpha)
