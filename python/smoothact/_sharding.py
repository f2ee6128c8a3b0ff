# SPDX-License-Identifier: Apache-2.0
"""What ``torch.distributed.tensor`` knows of the ops: along which dims one of pieces gives pieces.

The dims of an op's tensors have labels, as in Einstein's notation, numbers from 0 on; None is a dim that stays whole.
Sharded along a label, what has it is sharded, an input without it is replicated, and an output without it is partial: a
sum over the pieces. That is all there is to say of an elementwise op, of a gate, and of a parameter's gradient.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch._ops import OpOverload

from ._catalogue import catalogue

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

Labels = tuple[int | None, ...]
Shapes = dict[str, Sequence[int]]
# Of inputs by their names, and of outputs, None of one that is not asked for.
Labelling = tuple[dict[str, Labels], Sequence[Labels | None]]
# From the op, the shapes of the tensors that are given, and all arguments.
Rule = Callable[[OpOverload, Shapes, dict[str, Any]], Labelling]


def _broadcast(shapes: Shapes) -> tuple[dict[str, Labels], Labels]:
    """Of tensors that broadcast, and of what they give."""
    whole = torch.broadcast_shapes(*shapes.values())

    def labels(shape: Sequence[int]) -> Labels:
        start = len(whole) - len(shape)
        return tuple(k if size == whole[k] else None for k, size in enumerate(shape, start))

    return {name: labels(shape) for name, shape in shapes.items()}, tuple(range(len(whole)))


def _but(dim: int, rank: int) -> Labels:
    return tuple(None if i == dim % rank else i for i in range(rank))


def _channels(shape: Sequence[int], labels: Labels, dim: int) -> Labels:
    """Of a parameter or bias of what has ``labels``: one element, or one for each channel."""
    return (labels[dim],) if len(shape) == 1 and shape[0] != 1 else (None,) * len(shape)


def _gradients(op: OpOverload, inputs: dict[str, Labels], needed: Sequence[bool]) -> list[Labels | None]:
    _, *differentiated = (a.name for a in op._schema.arguments if "Tensor" in str(a.type))
    return [inputs.get(name) if n else None for name, n in zip(differentiated, needed, strict=True)]


def elementwise(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    inputs, result = _broadcast(shapes)
    return inputs, [result] * len(op._schema.returns)


def learned(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    rank = len(shapes["self"])
    x = _but(options["dim"], rank) if options["layout"] else tuple(range(rank))
    whole = ("grad", "self", "up")
    inputs = {name: x if name in whole else _channels(s, x, options["dim"]) for name, s in shapes.items()}
    return inputs, _gradients(op, inputs, options["needed"]) if "grad" in shapes else [x]


def packed(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    labels = _but(options["dim"], len(shapes["self"]))
    return dict.fromkeys(shapes, labels), [labels] * len(op._schema.returns)


def biased(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    dim = options["dim"]
    if "up" in shapes:
        inputs, result = _broadcast({name: shapes[name] for name in ("self", "up")})
    else:
        result = _but(dim, len(shapes["self"]))
        inputs = {"self": result}
    for name, half in (("gate_bias", "self"), ("up_bias", "up" if "up" in shapes else "self")):
        if name in shapes:
            inputs[name] = _channels(shapes[name], inputs[half], dim)
    if "grad" not in shapes:
        return inputs, [result]
    return {**inputs, "grad": result}, _gradients(op, inputs, options["needed"])


def reduced(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    x = _but(options["dim"], len(shapes["self"]))
    row = x if options["keepdim"] else tuple(label for label in x if label is not None)
    inputs = {name: row if name == "grad" else x for name in shapes}
    return inputs, {0: [row], 1: [x], 2: [row, x]}[len(shapes) - 1]


def rational(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    """Of self elementwise; every device has all coefficients, and its terms of their gradients."""
    x = tuple(range(len(shapes["self"])))
    inputs: dict[str, Labels] = {name: x if name in ("grad", "self") else (None,) for name in shapes}
    return inputs, _gradients(op, inputs, options["needed"]) if "grad" in shapes else [x]


def whole(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    """Codes of a few bits: those of pieces share bytes."""
    inputs: dict[str, Labels] = {name: (None,) * len(shape) for name, shape in shapes.items()}
    return inputs, [(None,)] * len(op._schema.returns)


def empty(op: OpOverload, shapes: Shapes, options: dict[str, Any]) -> Labelling:
    return _broadcast(shapes)[0], [None]


FAMILIES: dict[str, Rule] = {
    **dict.fromkeys(catalogue, elementwise),
    "gated": elementwise,
    "gated_packed": packed,
    "gated_biased": biased,
    "smooth_max": reduced,
    "rational": rational,
}
SUFFIXES = ("", "_backward", "_jvp", "_double_backward", "_")
OTHERS: dict[str, Rule] = {
    "_slope": elementwise,
    "fewbit": elementwise,
    "fewbit_backward": whole,
    "fewbit_history": empty,
    "fewbit_pack": whole,
}


def rules() -> Iterator[tuple[OpOverload, Rule]]:
    """Every op, and how it is sharded."""
    members = {family + suffix: rule for family, rule in FAMILIES.items() for suffix in SUFFIXES}
    for name, rule in {**members, **OTHERS}.items():
        packet = getattr(torch.ops.smoothact, name, None)
        for overload in packet.overloads() if packet else ():
            yield getattr(packet, overload), learned if overload == "Tensor" else rule


def arguments(op: OpOverload, args: Sequence[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """By name, with the defaults of those that are not given."""
    known = op._schema.arguments
    given = {**dict(zip((a.name for a in known), args, strict=False)), **keywords}
    return {a.name: given.get(a.name, a.default_value) for a in known}


def _strategy(rule: Rule) -> Callable[[Any], Any]:
    """As DTensor asks for it: placements of outputs and inputs along a dim of the mesh, of which it takes the cheapest.

    They follow what an input is sharded along. One that is partial is summed up first: it is none of them. As
    ``torch.distributed.tensor.experimental.register_sharding`` does it, which takes half a second to import, and
    neither a first argument that is absent nor a list that decides on the outputs.
    """
    from torch.distributed.tensor import Partial, Placement, Replicate, Shard
    from torch.distributed.tensor._op_schema import OpStrategy
    from torch.distributed.tensor._ops.utils import expand_to_full_mesh_op_strategy

    def placed(labels: Labels | None, label: int, absent: Placement) -> Placement:
        if labels is None:
            return Replicate()
        return Shard(labels.index(label)) if label in labels else absent

    def strategy(schema: Any) -> Any:
        op, given = schema.op, arguments(schema.op, schema.args_schema, schema.kwargs_schema)
        tensors = {name: value for name, value in given.items() if isinstance(value, OpStrategy)}
        mesh, *others = (value.mesh for value in tensors.values())
        if any(other != mesh for other in others):
            raise RuntimeError(f"{op}: expected all tensors on one mesh, got {mesh} and others")
        labels, outputs = rule(op, {name: value.shape for name, value in tensors.items()}, given)
        inputs = [labels[name] for name in tensors]
        sharded = (
            of[p.dim]
            for value, of in zip(tensors.values(), inputs, strict=True)
            for p in value.strategies[0].output_spec.placements
            if isinstance(p, Shard)
        )
        choices = [[Replicate()] * (len(outputs) + len(inputs))]
        for label in dict.fromkeys(sharded):  # in the same order in every process
            if label is not None:
                of_outputs = [placed(of, label, Partial()) for of in outputs]
                choices.append([*of_outputs, *(placed(of, label, Replicate()) for of in inputs)])
        return expand_to_full_mesh_op_strategy(
            mesh, schema, choices, input_index=len(outputs), inplace_op=schema.is_inplace_op()
        )

    return strategy


UNDECISIVE = ("Tensor", "float", "Optional[float]", "str")


def _register() -> None:
    from torch.distributed.tensor import DTensor
    from torch.distributed.tensor._op_schema import RuntimeSchemaInfo

    propagator = DTensor._op_dispatcher.sharding_propagator
    strategies = {rule: _strategy(rule) for rule in (*FAMILIES.values(), *OTHERS.values(), learned)}
    for op, rule in rules():
        # A strategy is looked up again by its tensors, and by what is named here: arguments from a place on, keywords.
        # Not by numbers that decide on no shape, if it can be helped: a parameter may change in every step.
        positional = [a for a in op._schema.arguments if not a.kwarg_only]
        decides = any(a.name != "parameters" and str(a.type) not in UNDECISIVE for a in positional)
        keywords = [a.name for a in op._schema.arguments if a.kwarg_only]
        info = RuntimeSchemaInfo(0 if decides else len(positional), keywords or None)
        propagator.register_op_strategy(op, strategies[rule], info)


TENSOR = "torch.distributed.tensor"


def register() -> None:
    """Tells ``torch.distributed.tensor`` of every op. One that it does not know raises there."""
    try:
        _register()
    except Exception as error:  # its interfaces are its own, and no reason not to import it
        warnings.warn(f"smoothact: torch {torch.__version__} takes no shardings of its ops: {error}", stacklevel=2)


class _Finder:
    """Finds DTensor as others do, and registers when it has been imported: it is too much to import for every user."""

    looking = False

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != TENSOR or self.looking:
            return None
        self.looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.looking = False
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == TENSOR and self in sys.meta_path:
                sys.meta_path.remove(self)
                register()

        spec.loader.exec_module = exec_module
        return spec


def register_when_imported() -> None:
    """At once, or as soon as somebody imports ``torch.distributed.tensor``, as FSDP2 and tensor parallelism do."""
    if TENSOR in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _Finder())
